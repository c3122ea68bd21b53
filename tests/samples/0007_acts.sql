-- A request that waits and one that was answered; what a lead's key was asked to open.
INSERT INTO requested_act (id, organisation, requested_at, body, commitment, sealed, recipient, proof, answer) VALUES
    ('00112233445566778899aabbccddeeff', 'Riverside', 1772469900000000, '{"id":"00112233445566778899aabbccddeeff"}', NULL, NULL, 'age1x', {00}, NULL),
    ('ffeeddccbbaa99887766554433221100', 'Riverside', 1772469800000000, '', NULL, NULL, 'age1x', {00}, 'done');
INSERT INTO act_challenge (organisation, recipient, sealed) VALUES ('Riverside', 'age1x', {6167652d656e6372797074696f6e});
