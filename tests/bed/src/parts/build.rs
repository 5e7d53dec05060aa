//! Building one part once: whoever comes second, in this process or another, waits and takes the result.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use super::go::Go;
use super::manifest::{Binary, Module};
use crate::process::{StopOrder, last_lines};
use crate::run::{self, Place};

/// How often a long build says that it still runs.
const REPORT: Duration = Duration::from_secs(15);

pub(super) fn ensure(module: &Module, name: &str, go: &Go, cache: &Path) -> Result<PathBuf> {
    let binary = module.binary(name)?;
    let dir = cache.join("parts").join(format!(
        "{}-{}-{}",
        module.dir,
        module.version,
        key(module, go)?
    ));
    let path = dir.join(name);
    if path.is_file() {
        return Ok(path);
    }
    fs::create_dir_all(&dir).with_context(|| format!("the cache, {}", dir.display()))?;
    let _lock = lock(&dir.join(format!(".{name}.lock")), binary)?;
    if !path.is_file() {
        build(module, binary, go, &dir)?;
    }
    Ok(path)
}

/// What a part is built from, in 16 hex digits.
fn key(module: &Module, go: &Go) -> Result<String> {
    let mut hash = Sha256::new();
    for file in ["go.mod", "go.sum"] {
        let path = module.path().join(file);
        let text = fs::read(&path).with_context(|| format!("{}", path.display()))?;
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hash.update(serde_json::to_vec(module)?);
    hash.update(&go.platform);
    let digits = hash.finalize();
    Ok(digits.iter().take(8).map(|b| format!("{b:02x}")).collect())
}

/// Held until the file is dropped, by the kernel's doing also when this process is killed.
fn lock(path: &Path, binary: &Binary) -> Result<File> {
    let file = File::create(path).with_context(|| format!("{}", path.display()))?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        say(&format!(
            "waiting for {}: it is being built by another test",
            title(binary)
        ));
        flock(&file, FlockOperation::LockExclusive).context("waiting for a build")?;
    }
    Ok(file)
}

fn build(module: &Module, binary: &Binary, go: &Go, dir: &Path) -> Result<()> {
    let title = title(binary);
    let log = dir.join(format!("{}.log", binary.name));
    // Under its final name only when complete: a build that is killed leaves nothing that looks built.
    let unfinished = dir.join(format!(".{}.unfinished", binary.name));
    let output = File::create(&log).with_context(|| format!("{}", log.display()))?;
    say(&format!(
        "building {title} from Go module {} (once, then cached)",
        binary.package
    ));
    // Go's own temporary files are ours to remove, should the build be killed.
    let place = Place::claim("go-build")?;
    let scratch = place.data("tmp");
    fs::create_dir(&scratch)?;
    let started = Instant::now();
    let mut command: Command = run::command(&go.program, StopOrder::Client)?;
    let mut child = command
        .args(["build", "-mod=readonly", "-buildvcs=false", "-trimpath"])
        .args(["-ldflags", &binary.ldflags])
        .arg("-o")
        .arg(&unfinished)
        .arg(&binary.package)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .env("GOTMPDIR", &scratch)
        .current_dir(module.path())
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .context("cannot run `go build`")?;
    place.is_up();
    let mut said = started;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if said.elapsed() >= REPORT {
            said = Instant::now();
            say(&format!(
                "still building {title}, {} s",
                started.elapsed().as_secs()
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    if !status.success() {
        bail!(
            "building {title} failed ({status}): cd {} && CGO_ENABLED=0 go build -mod=readonly {}\n\
             the end of {}:\n{}",
            module.path().display(),
            binary.package,
            log.display(),
            last_lines(&log, 20)
        );
    }
    fs::rename(&unfinished, dir.join(&binary.name))?;
    // Kept only while it explains a failure.
    let _ = fs::remove_file(&log);
    say(&format!(
        "built {title} in {} s",
        started.elapsed().as_secs()
    ));
    Ok(())
}

fn title(binary: &Binary) -> String {
    format!("{} {}", binary.name, binary.version)
}

/// Past the test harness, which would keep it to itself: minutes without a word look like a hang.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "test bed: {line}");
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn module() -> Module {
        serde_json::from_value(serde_json::json!({
            "dir": "etcd", "version": "3.6.16",
            "binaries": [{
                "name": "etcd", "package": "example.invalid/no/such/package",
                "version": "3.6.16", "ldflags": "-s -w",
            }],
        }))
        .unwrap()
    }

    fn go(platform: &str) -> Go {
        Go {
            program: "go".into(),
            platform: platform.to_owned(),
        }
    }

    #[test]
    fn the_key_changes_with_go_and_with_the_entry() {
        let one = key(&module(), &go("go1.26.0 linux amd64")).unwrap();
        assert_eq!(one, key(&module(), &go("go1.26.0 linux amd64")).unwrap());
        assert_ne!(one, key(&module(), &go("go1.26.1 linux amd64")).unwrap());
        let mut other = module();
        other.version = "3.6.17".to_owned();
        assert_ne!(one, key(&other, &go("go1.26.0 linux amd64")).unwrap());
    }

    #[test]
    fn a_failed_build_shows_its_end_keeps_its_log_and_caches_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let error = ensure(&module(), "etcd", &go("x"), cache.path()).unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("building etcd 3.6.16 failed"), "{error}");
        assert!(error.contains("example.invalid/no/such/package"), "{error}");
        let log = error
            .lines()
            .find_map(|line| line.strip_prefix("the end of "))
            .unwrap()
            .trim_end_matches(':');
        assert!(!fs::read_to_string(log).unwrap().is_empty());
        assert!(!Path::new(log).with_file_name("etcd").exists());
    }

    #[test]
    fn whoever_comes_second_waits_and_builds_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let program = cache.path().join("go");
        // Notes that it ran, takes its time, and writes what `-o` names.
        let script = "#!/bin/sh\necho ran >> \"$0.runs\"\nsleep 0.3\n\
                      while [ \"$1\" != -o ]; do shift; done\necho binary > \"$2\"\n";
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let slow = Go {
            program,
            platform: "x".to_owned(),
        };
        let all: Vec<PathBuf> = std::thread::scope(|scope| {
            let build = || ensure(&module(), "etcd", &slow, cache.path()).unwrap();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(build)).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(all.iter().all(|path| *path == all[0]));
        assert_eq!(fs::read_to_string(&all[0]).unwrap(), "binary\n");
        assert_eq!(
            fs::read_to_string(cache.path().join("go.runs")).unwrap(),
            "ran\n"
        );
    }
}
