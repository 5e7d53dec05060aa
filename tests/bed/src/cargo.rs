//! cargo, called from a program that cargo runs.

use std::process::Command;

/// Gives a command the environment of the user's own shell, as far as cargo has changed it.
///
/// `cargo run` and `cargo test` tell a program about its package in the environment. A cargo inside would take
/// that for a change of what `ring`'s build script reads, and build it, and all that is built on it,
/// anew each time the two take turns.
pub fn forget_package(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(tells_of_a_package) {
            command.env_remove(name);
        }
    }
    command
}

/// The variables cargo sets for the programs it runs (The Cargo Book, "Environment variables Cargo sets
/// for crates").
fn tells_of_a_package(name: &str) -> bool {
    const PREFIXES: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];
    const NAMES: [&str; 3] = [
        "CARGO_CRATE_NAME",
        "CARGO_BIN_NAME",
        "CARGO_PRIMARY_PACKAGE",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cargo_inside_does_not_hear_of_our_package() {
        // cargo runs this test, so they are set here.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let mut command = Command::new("cargo");
        let removed: Vec<String> = forget_package(&mut command)
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect();
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR"] {
            assert!(removed.iter().any(|one| one == name), "{name}: {removed:?}");
        }
        assert!(!removed.iter().any(|one| one == "CARGO_HOME"));
    }
}
