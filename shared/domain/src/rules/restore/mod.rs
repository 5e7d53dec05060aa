//! Rules about ACM Restores.

pub mod activation_taken_back;
pub mod active_schedule;
pub mod another_active;
pub mod backup_not_found;
pub mod edit_after_end;
pub mod old_hub_live;
#[cfg(test)]
mod tests;
