//! Prints `docs/recorded.md`.

fn main() -> anyhow::Result<()> {
    print!("{}", acm_backup_recorded::document::render()?);
    Ok(())
}
