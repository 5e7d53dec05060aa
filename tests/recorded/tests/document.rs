//! The page says what the tables say.

use acm_backup_recorded::document;

#[test]
fn the_page_is_written_from_the_tables() {
    let page = std::fs::read_to_string(document::PATH).unwrap();
    assert!(
        page == document::render().unwrap(),
        "docs/recorded.md is old: cargo run -p acm-backup-recorded > docs/recorded.md"
    );
}
