//! Where the story is told: commands are shown with what they print, and every claim is checked.

use std::future::Future;
use std::io::Write;
use std::time::Instant;

use acm_backup_bed::Finished;
use acm_backup_e2e::{Side, World};
use anyhow::{Result, bail};

/// The two hubs and whoever watches.
pub struct Stage<'a> {
    pub world: &'a World,
    began: Instant,
}

impl<'a> Stage<'a> {
    pub fn new(world: &'a World) -> Self {
        Self {
            world,
            began: Instant::now(),
        }
    }

    /// A new step of the story.
    pub fn step(&self, number: u8, title: &str) {
        println!("\n=== {number}. {title} === [{}]", self.clock());
    }

    /// How long the story has been told.
    pub fn clock(&self) -> String {
        let seconds = self.began.elapsed().as_secs();
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }

    /// What happens that no command shows.
    pub fn say(&self, text: &str) {
        println!("# {text}");
    }

    /// Something the demo does so that nobody has to wait for a loop of Velero's.
    pub fn nudge(&self, text: &str) {
        println!("# nudge: {text}");
    }

    /// Have a hub's Velero read the bucket now.
    pub async fn read_the_bucket(&self, side: &Side) -> Result<()> {
        let name = side.hub.name();
        self.nudge(&format!(
            "Velero on {name} is restarted, so that it reads the bucket now and not within a minute"
        ));
        wait(
            &format!("{name} to read the bucket"),
            side.read_the_bucket(),
        )
        .await
    }

    /// Show a command and what it prints.
    pub async fn run(&self, line: &str) -> Result<Finished> {
        println!("$ {line}");
        let finished = self.world.shell.run(line).await?;
        print!("{}{}", finished.stdout, finished.stderr);
        Ok(finished)
    }

    /// A command that has to succeed.
    pub async fn done(&self, line: &str) -> Result<Finished> {
        let finished = self.run(line).await?;
        match finished.code {
            Some(0) => Ok(finished),
            code => bail!("this command was to succeed and ended with {code:?}: {line}"),
        }
    }

    /// A command that has to be refused by our webhook, in these words.
    pub async fn refused(&self, line: &str, words: &[&str]) -> Result<String> {
        let finished = self.run(line).await?;
        let text = finished.stderr;
        let by_us = text.contains("admission webhook") && text.contains("acm-backup.dev");
        self.holds("our webhook refused it", finished.code == Some(1) && by_us)?;
        self.says(&text, words)?;
        Ok(text)
    }

    /// A text has to contain all of these.
    pub fn says(&self, text: &str, words: &[&str]) -> Result<()> {
        words
            .iter()
            .try_for_each(|word| self.holds(&format!("it says {word:?}"), text.contains(word)))
    }

    /// A claim, checked.
    pub fn holds(&self, claim: &str, truth: bool) -> Result<()> {
        if truth {
            println!("  [ok] {claim}");
            return Ok(());
        }
        println!("  [NOT TRUE] {claim}");
        bail!("not true: {claim}")
    }
}

/// Say what is waited for, and how long it took.
pub async fn wait<T>(what: &str, awaited: impl Future<Output = Result<T>>) -> Result<T> {
    print!("# waiting for {what} ... ");
    let _ = std::io::stdout().flush();
    let began = Instant::now();
    let result = awaited.await;
    match &result {
        Ok(_) => println!("{:.1} s", began.elapsed().as_secs_f32()),
        Err(_) => println!("in vain"),
    }
    result
}
