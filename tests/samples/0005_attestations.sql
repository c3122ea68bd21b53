-- A state of the log that a witness has cosigned.
INSERT INTO attestation (size, kind, said_by, at, body) VALUES
    (5, 'cosignature', 'trustee.example/witness+00000000+BAAA', 1772470000000000, {e28094});
