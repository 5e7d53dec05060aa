//! The judge behind `status`.
