//! What a failed demo shows of its logs before it removes them: it leaves no file behind.

use std::path::{Path, PathBuf};

use acm_backup_bed::run;

/// Lines shown of each log.
const LINES: usize = 5;

/// Prints the end of every log.
pub fn show_logs() {
    let Ok(dir) = run::dir() else { return };
    println!(
        "\nThe end of each log (cargo xtask demo --keep keeps them, and the hubs, until Ctrl-C):"
    );
    for log in logs(dir) {
        let text = String::from_utf8_lossy(&std::fs::read(&log).unwrap_or_default()).into_owned();
        if let Some(end) = end_of(&text) {
            let name = log.strip_prefix(dir).unwrap_or(&log);
            println!("--- {}\n{end}", name.display());
        }
    }
}

/// `<hub>/logs/<part>.log`, sorted.
fn logs(dir: &Path) -> Vec<PathBuf> {
    let entries = |dir: PathBuf| {
        std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    let mut logs: Vec<_> = entries(dir.to_owned())
        .flat_map(|place| entries(place.join("logs")))
        .collect();
    logs.sort();
    logs
}

/// The last lines, each cut to a screen's width or two; none of an empty log.
fn end_of(text: &str) -> Option<String> {
    let lines: Vec<_> = text.lines().collect();
    let last = lines.get(lines.len().saturating_sub(LINES)..)?;
    let cut = |line: &&str| line.chars().take(200).collect::<String>();
    Some(last.iter().map(cut).collect::<Vec<_>>().join("\n")).filter(|end| !end.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_short() {
        assert_eq!(end_of(""), None);
        assert_eq!(end_of("one\ntwo\n").as_deref(), Some("one\ntwo"));
        let long = format!("{}\n{}", "first\n".repeat(9), "x".repeat(999));
        let end = end_of(&long).unwrap();
        assert_eq!(end.lines().count(), LINES);
        assert!(end.lines().all(|line| line.len() <= 200));
    }
}
