//! One hub by hand: prints its kubeconfig and its process ids, and keeps it until standard input
//! ends (Ctrl-D), or a signal comes. The test bed's own tests kill it in every way.
//!
//! On the line `panic` it panics, as a failing test does; on `end` it ends the run and says so;
//! `leave no logs` before that makes it keep none.

use std::io::BufRead;

use acm_backup_bed::{Hub, run};
use anyhow::Result;

#[tokio::main]
async fn main() -> Result<()> {
    let hub = Hub::start("hub").await?;
    println!("dir {}", run::dir()?.display());
    println!("kubeconfig {}", hub.admin_kubeconfig().display());
    println!("pids {:?}", hub.pids());
    for line in std::io::stdin().lock().lines() {
        match line?.as_str() {
            "leave no logs" => run::leave_no_logs(),
            "panic" => panic!("asked to panic"),
            "end" => {
                run::end();
                println!("ended");
            }
            _ => {}
        }
    }
    Ok(())
}
