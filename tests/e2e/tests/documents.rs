//! What the documents tell an administrator to type, line by line.

use acm_backup_bed::workspace;

/// The lines of a document's fenced blocks and the kubectl commands of its inline code, in order.
pub fn lines(document: &str) -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join(document)).unwrap();
    let mut fenced = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced || line.starts_with("    ") {
            found.push(line.trim().to_owned());
        } else {
            let code = line.split('`').skip(1).step_by(2);
            found.extend(
                code.filter(|code| code.starts_with("kubectl "))
                    .map(str::to_owned),
            );
        }
    }
    found
}

/// The page on installing is typed in `installing.rs`.
#[test]
fn what_the_other_documents_say_is_typed_there() {
    let typed = lines("manifests/README.md");
    let asks: Vec<_> = lines("docs/attestation.md")
        .into_iter()
        .filter(|line| line.starts_with("kubectl ") && !line.starts_with("kubectl acm-backup "))
        .collect();
    assert!(!asks.is_empty(), "the document was not read");
    assert!(asks.iter().all(|line| typed.contains(line)), "{asks:?}");
}
