-- A message that was changed after it had become an exhibit, in both forms.
INSERT INTO log_entry (idx, bytes) VALUES (7, {07}), (8, {08});
INSERT INTO exhibit (organisation, case_ref, message, edited_at, space, author, finding, received_at, entry, sealed) VALUES
    ('Riverside', 8, 175928847299117063, 0, 5, 80351110224678912, 1, 1772469667000000, 7, {6167652d656e6372797074696f6e}),
    ('Riverside', 8, 175928847299117063, 1772469700000000, 5, 80351110224678912, 1, 1772469701000000, 8, {6167652d656e6372797074696f6e});
