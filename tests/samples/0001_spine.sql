-- What a first version may have left behind, as it wrote it: later versions must be able to read it.
-- Blobs are written {hex}, as the two databases spell them differently.
INSERT INTO log_entry (idx, bytes) VALUES (0, {6f6e65}), (1, {74776f}), (2, {7468726565}), (3, {}), (4, {00ff}), (5, {05}), (6, {06});
INSERT INTO log_hash (idx, hash) VALUES (0, {000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f});
INSERT INTO checkpoint (size, note) VALUES (5, 'chaperone.example/riverside
5
AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=

— chaperone.example/riverside AAAA
');
INSERT INTO fact (entry, organisation, at, kind, body, salt) VALUES
    (0, 'Riverside', 1772469667000000, 'observed', '{"fact":"observed","at":"2026-03-02T16:41:07Z","code":"secrecy-request","by":"80351110224678912","towards":"9","space":"5","message":"175928847299117063","quote":[3,17]}', {000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}),
    (1, 'Riverside', 1772469667000001, 'case-opened', '{"fact":"case-opened","case":7,"category":"grooming","level":4,"subjects":["80351110224678912"]}', {000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}),
    (2, 'Riverside', 1772469667000002, 'decided', '{"fact":"decided","job":"hide:175928847299117063","effect":{"effect":"hide","space":"5","message":"175928847299117063"},"case":7}', {000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}),
    (3, 'Riverside', 1772469668000000, 'outcome', '{"fact":"outcome","job":"hide:175928847299117063","effect":{"effect":"hide","space":"5","message":"175928847299117063"},"ended":{"ended":"done"}}', {000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}),
    (5, 'Riverside', 1772469700000000, 'acknowledged', '{"fact":"acknowledged","case":7,"by":"11","via":"discord-dm"}', {000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f}),
    (6, 'Hilltop', 1772469800000000, 'gap', '{"fact":"gap","from":"2026-03-02T16:43:00Z","until":"2026-03-02T16:43:20.5Z","why":"restart"}', {000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f});
INSERT INTO exhibit (organisation, case_ref, message, space, author, finding, received_at, entry, sealed) VALUES
    ('Riverside', 7, 175928847299117063, 5, 80351110224678912, 1, 1772469667000000, 4, {6167652d656e6372797074696f6e}),
    ('Riverside', 7, NULL, 5, NULL, 0, 1772469667000000, 4, {6167652d656e6372797074696f6e});
INSERT INTO job (key, organisation, case_ref, effect, urgency, not_before, attempts, lease_until, lease_by, state) VALUES
    ('hide:175928847299117063', 'Riverside', 7, '{"effect":"hide","space":"5","message":"175928847299117063"}', 2, 1772469667000000, 0, 1772469787000000, '', 'ended'),
    ('page:7:0:dsl:email', 'Riverside', 7, '{"effect":"page","case":7,"level":4,"category":"grooming","slot":"dsl","round":0,"channel":"email","person":"dsl-1","drill":false}', 1, 1772469667000000, 2, -9223372036854775808, '', 'waiting');
INSERT INTO position (shard, session, heard_at) VALUES (0, '{"id":"abc","sequence":42}', 1772469800000000);
