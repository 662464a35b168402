-- The carrier reports each profile of a device and then the device, whose own message decides.
ALTER TABLE carrier_request ADD COLUMN device_decides boolean NOT NULL DEFAULT false;

-- About when it changed last, for the list of what changes: at most a second and a half too early. 0 before this version. The index holds
-- no older rows, so that it is made at once.
ALTER TABLE request ADD COLUMN changed_at bigint NOT NULL DEFAULT 0;
CREATE INDEX request_changed ON request (account, changed_at) WHERE changed_at > 0;
