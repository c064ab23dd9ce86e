-- Who has filled in, by whole pages: a feed may say a million things, and most of them the same as the day before.

CREATE TABLE pages (
    sha256 TEXT NOT NULL PRIMARY KEY,
    bytes  BLOB NOT NULL -- what a snapshot says of one window; equal ones are kept once. A mapping names its pages
);

CREATE TABLE status_pages (
    feed      TEXT NOT NULL,
    window_id TEXT NOT NULL,
    bytes     BLOB NOT NULL, -- what is known of a window from a feed; takes the place of status_entries
    PRIMARY KEY (feed, window_id)
);
