-- A message that its author changed after it became an exhibit is one again, in its new form: the same message stands
-- once for each time at which it was changed; 0 is the form in which it was first kept.
ALTER TABLE exhibit ADD COLUMN edited_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE exhibit DROP CONSTRAINT exhibit_organisation_case_ref_message_key;
ALTER TABLE exhibit ADD UNIQUE (organisation, case_ref, message, edited_at);
