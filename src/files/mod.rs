//! Files put in place: whole or not at all, with the owner they had, and never over what somebody else wrote meanwhile.
//!
//! Blocking; callers run it off the async threads. `place` puts one file, `open` opens one to read, `lock` lets one writer at a time into a
//! folder and compares before it swaps, `tree` copies and exchanges whole folders, `disk` knows whether a path is on this machine, `drop` looks after folders that other
//! programs put files into. What a configuration or a letter is, is not known here.

mod attributes;
mod disk;
pub mod drop;
mod lock;
mod open;
mod place;
mod tree;

pub use disk::{mounts, network_disk};
pub use lock::{FolderLock, LockError, SwapError, Version};
pub use open::{FileId, is_folder, open_to_read};
pub use place::{
    Access, apart_from, beside, carry, create, create_for_folder, hand_over, is_same, kept_name, open_plain,
    put, put_no_link, put_own, trust_link, write,
};
pub use tree::{copy_tree, create_folder, exchange};
