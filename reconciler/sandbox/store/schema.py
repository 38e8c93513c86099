"""The tables of a library folder. Instants are whole milliseconds since 1970, UTC.

The wide tables keep SQLite's row numbers, so that new rows go to the end in spite of their random ids.
"""

from __future__ import annotations

FORMAT = 5

SCHEMA = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE user (
  id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, password TEXT NOT NULL,
  is_admin INTEGER NOT NULL, storage_label TEXT, color TEXT NOT NULL, pin TEXT,
  should_change_password INTEGER NOT NULL, quota INTEGER, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE api_key (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES user ON DELETE CASCADE, name TEXT NOT NULL,
  secret_hash TEXT NOT NULL UNIQUE, permissions TEXT NOT NULL, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- shared_with sees the photos of shared_by; in_timeline is for shared_with to choose
CREATE TABLE partner (
  shared_by TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
  shared_with TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
  in_timeline INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY (shared_by, shared_with)
) WITHOUT ROWID;

CREATE TABLE session (
  token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
  unlocked INTEGER NOT NULL
) WITHOUT ROWID;

-- one row per photo: what the server knows of the file and its owner's flags
CREATE TABLE asset (
  id TEXT PRIMARY KEY, owner_id TEXT NOT NULL REFERENCES user ON DELETE CASCADE, type TEXT NOT NULL,
  original_path TEXT NOT NULL UNIQUE, original_file_name TEXT NOT NULL, checksum TEXT NOT NULL,
  file_created_at INTEGER NOT NULL, file_modified_at INTEGER NOT NULL, local_date_time INTEGER NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
  is_favorite INTEGER NOT NULL, visibility TEXT NOT NULL, status TEXT NOT NULL, deleted_at INTEGER,
  is_offline INTEGER NOT NULL DEFAULT 0, duplicate_id TEXT, stack_id TEXT, live_photo_video_id TEXT,
  library_id TEXT, width INTEGER, height INTEGER, duration INTEGER, thumbhash TEXT, device_asset_id TEXT,
  device_id TEXT
);
CREATE INDEX asset_timeline ON asset (owner_id, file_created_at, id);
CREATE INDEX asset_checksum ON asset (checksum);
CREATE INDEX asset_stack ON asset (stack_id) WHERE stack_id IS NOT NULL;

-- the database's copy of a photo's metadata; `locked` is a sum of the bits of extraction.LOCKS
CREATE TABLE exif (
  asset_id TEXT PRIMARY KEY REFERENCES asset ON DELETE CASCADE,
  description TEXT NOT NULL DEFAULT '', date_time_original INTEGER, time_zone TEXT,
  latitude REAL, longitude REAL, city TEXT, state TEXT, country TEXT, rating INTEGER,
  tags TEXT NOT NULL DEFAULT '[]', locked INTEGER NOT NULL DEFAULT 0,
  make TEXT, model TEXT, lens_model TEXT, f_number REAL, focal_length REAL, iso INTEGER, exposure_time TEXT,
  file_size INTEGER, width INTEGER, height INTEGER, orientation TEXT, modify_date INTEGER,
  projection_type TEXT
);

-- what is in the photo itself; it never changes
CREATE TABLE photo (
  asset_id TEXT PRIMARY KEY REFERENCES asset ON DELETE CASCADE, embedded TEXT NOT NULL,
  writable INTEGER NOT NULL
);

-- the file beside the photo; content is NULL once the file has vanished
CREATE TABLE sidecar (
  asset_id TEXT PRIMARY KEY REFERENCES asset ON DELETE CASCADE, content TEXT
);

CREATE TABLE tag (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES user ON DELETE CASCADE, value TEXT NOT NULL,
  parent_id TEXT REFERENCES tag ON DELETE CASCADE, color TEXT, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (user_id, value)
) WITHOUT ROWID;
CREATE INDEX tag_parent ON tag (parent_id);
CREATE TABLE tag_closure (
  ancestor TEXT NOT NULL REFERENCES tag ON DELETE CASCADE,
  descendant TEXT NOT NULL REFERENCES tag ON DELETE CASCADE,
  PRIMARY KEY (ancestor, descendant)
) WITHOUT ROWID;
CREATE INDEX tag_closure_descendant ON tag_closure (descendant);
CREATE TABLE tag_asset (
  tag_id TEXT NOT NULL REFERENCES tag ON DELETE CASCADE,
  asset_id TEXT NOT NULL REFERENCES asset ON DELETE CASCADE,
  PRIMARY KEY (tag_id, asset_id)
) WITHOUT ROWID;
CREATE INDEX tag_asset_asset ON tag_asset (asset_id);

CREATE TABLE album (
  id TEXT PRIMARY KEY, owner_id TEXT NOT NULL REFERENCES user ON DELETE CASCADE, name TEXT NOT NULL,
  description TEXT NOT NULL, thumbnail_id TEXT REFERENCES asset ON DELETE SET NULL,
  is_activity_enabled INTEGER NOT NULL DEFAULT 1, sort_order TEXT NOT NULL, created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE album_asset (
  album_id TEXT NOT NULL REFERENCES album ON DELETE CASCADE,
  asset_id TEXT NOT NULL REFERENCES asset ON DELETE CASCADE,
  added_at INTEGER NOT NULL, PRIMARY KEY (album_id, asset_id)
) WITHOUT ROWID;
CREATE TABLE album_user (
  album_id TEXT NOT NULL REFERENCES album ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
  role TEXT NOT NULL, PRIMARY KEY (album_id, user_id)
) WITHOUT ROWID;
CREATE INDEX album_user_user ON album_user (user_id);
CREATE INDEX album_asset_asset ON album_asset (asset_id);
CREATE INDEX album_thumbnail ON album (thumbnail_id);

CREATE TABLE stack (
  id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, primary_asset_id TEXT NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE person (
  id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, name TEXT NOT NULL, birth_date TEXT, color TEXT,
  is_hidden INTEGER NOT NULL, is_favorite INTEGER NOT NULL, updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE face (
  id TEXT PRIMARY KEY, asset_id TEXT NOT NULL REFERENCES asset ON DELETE CASCADE,
  person_id TEXT NOT NULL REFERENCES person ON DELETE CASCADE, box TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX face_asset ON face (asset_id);
CREATE TABLE library (
  id TEXT PRIMARY KEY, owner_id TEXT NOT NULL, name TEXT NOT NULL, import_paths TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE asset_metadata (
  asset_id TEXT NOT NULL REFERENCES asset ON DELETE CASCADE, key TEXT NOT NULL, value TEXT NOT NULL,
  updated_at INTEGER NOT NULL, PRIMARY KEY (asset_id, key)
) WITHOUT ROWID;
CREATE TABLE shared_link (
  id TEXT PRIMARY KEY, user_id TEXT NOT NULL, type TEXT NOT NULL,
  album_id TEXT REFERENCES album ON DELETE CASCADE,
  content TEXT NOT NULL, created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE shared_link_asset (
  link_id TEXT NOT NULL REFERENCES shared_link ON DELETE CASCADE,
  asset_id TEXT NOT NULL REFERENCES asset ON DELETE CASCADE, PRIMARY KEY (link_id, asset_id)
) WITHOUT ROWID;

CREATE TABLE queue (name TEXT PRIMARY KEY, is_paused INTEGER NOT NULL) WITHOUT ROWID;
-- every job that is not done; a job that was running when the process ended runs again
CREATE TABLE job (
  id INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
  created_at INTEGER NOT NULL, failed TEXT
);
"""
