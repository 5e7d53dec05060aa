//! What a person does about a finding, worked out once for every text that says it.

pub mod command;
pub mod end_backups;
