//! Rules about ACM BackupSchedules.

pub mod active_restore;
#[cfg(test)]
mod tests;
