-- One hour of a space: its key, wrapped for a lead, one segment about one message, handed to a case.
INSERT INTO log_entry (idx, bytes) VALUES (9, {09}), (10, {0a});
INSERT INTO buffer_key (id, organisation, space, parent, hour) VALUES (9, 'Riverside', 5, NULL, 1772467200000000);
INSERT INTO buffer_wrap (entry, key_id, lead, sealed) VALUES (9, 9, 'age1lead', {6167652d656e6372797074696f6e});
INSERT INTO buffer_segment (entry, key_id, received_from, received_until, frames, sealed) VALUES
    (10, 9, 1772469667000000, 1772469668000000, 2, {6167652d656e6372797074696f6e});
INSERT INTO buffer_message (space, message, segment) VALUES (5, 175928847299117063, 10);
INSERT INTO buffer_hold (entry, organisation, case_ref) VALUES (9, 'Riverside', 8), (10, 'Riverside', 8);
