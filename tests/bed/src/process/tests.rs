//! How processes end.

use super::*;
use crate::wait::{Seen, until};

const LIMIT: Duration = Duration::from_secs(10);

fn shell(script: &str, dir: &Path) -> Process {
    let recipe = Recipe::new("shell", "sh").args(["-c", script]);
    Process::start(recipe, dir.join("log")).unwrap()
}

async fn until_said(word: &str, process: &Process) {
    until(word, LIMIT, || async {
        let said = last_lines(process.log(), 1);
        Ok(if said == word {
            Seen::Yes(())
        } else {
            Seen::NotYet(said)
        })
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn one_that_will_not_stop_is_killed_with_its_children() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell(
        "trap '' TERM; (while :; do sleep 1; done) & echo $!; wait",
        dir.path(),
    );
    let child = until("the child", LIMIT, || async {
        Ok(match last_lines(process.log(), 1).parse::<u32>() {
            Ok(pid) => Seen::Yes(pid),
            Err(why) => Seen::NotYet(why.to_string()),
        })
    })
    .await
    .unwrap();
    assert!(!process.stop_within(Duration::from_millis(100)));
    assert_eq!(process.pid(), None);
    until("the child to be gone", LIMIT, || async {
        let status = std::fs::read_to_string(format!("/proc/{child}/status"));
        Ok(match status {
            Ok(text) if !text.contains("State:\tZ") => Seen::NotYet(text),
            _ => Seen::Yes(()),
        })
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn one_that_stops_when_asked_may_finish() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell(
        "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.01; done",
        dir.path(),
    );
    until_said("up", &process).await;
    assert!(process.stop_within(LIMIT));
    until_said("bye", &process).await;
}

#[tokio::test]
async fn one_that_ended_is_told_with_its_last_words() {
    let dir = tempfile::tempdir().unwrap();
    let process = shell("echo no port left; exit 3", dir.path());
    let ended = until("its end", LIMIT, || async {
        Ok(match process.check() {
            Err(ended) => Seen::Yes(ended.to_string()),
            Ok(()) => Seen::NotYet("it runs".to_owned()),
        })
    })
    .await
    .unwrap();
    assert!(
        ended.contains("shell ended by itself (exit status: 3)"),
        "{ended}"
    );
    assert!(ended.ends_with("no port left"), "{ended}");
}
