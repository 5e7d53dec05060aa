//! Rules about ACM BackupSchedules.

pub mod active_restore;
pub mod fleet_owned_elsewhere;
#[cfg(test)]
mod tests;
