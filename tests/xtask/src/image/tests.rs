use super::*;
use std::os::unix::fs::PermissionsExt;

/// An ELF header and nothing after it: static, for the given machine.
fn program(machine: u8) -> Vec<u8> {
    let mut header = vec![0; 0x40];
    header[..6].copy_from_slice(b"\x7fELF\x02\x01");
    header[0x12] = machine;
    header
}

/// Writes an image of `program` and says where.
fn image_of(program: &[u8], dir: &Path) -> PathBuf {
    let (binary, out) = (dir.join("program"), dir.join("image.tar"));
    std::fs::write(&binary, program).unwrap();
    write(&binary, &out).unwrap();
    out
}

#[test]
fn the_archive_names_its_own_bytes_and_runs_the_program_as_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let stored = read_back::open(&image_of(&program(0x3e), dir.path())).unwrap();
    let config = &stored.config["config"];
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(
        config["Entrypoint"],
        serde_json::json!(["/acm-backup-webhook"])
    );
    assert!(config["ExposedPorts"]["8443/tcp"].is_object());
    assert_eq!(
        config["Labels"]["org.opencontainers.image.version"],
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(stored.config["os"], "linux");
    assert_eq!(stored.architecture, "amd64");
}

#[test]
fn a_changed_byte_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let out = image_of(&program(0x3e), dir.path());
    let mut bytes = std::fs::read(&out).unwrap();
    let at = bytes
        .windows(5)
        .position(|window| window == b"65532")
        .unwrap();
    bytes[at] = b'1';
    std::fs::write(&out, bytes).unwrap();
    let error = read_back::open(&out).err().unwrap().to_string();
    assert!(error.contains("holds other bytes"), "{error}");
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = std::fs::read(image_of(&program(0x3e), one.path())).unwrap();
    let second = std::fs::read(image_of(&program(0x3e), other.path())).unwrap();
    assert!(first == second, "two archives of one program differ");
}

#[test]
fn the_layer_is_sorted_timeless_and_only_root_may_change_it() {
    let dir = tempfile::tempdir().unwrap();
    let stored = read_back::open(&image_of(&program(0x3e), dir.path())).unwrap();
    let entries = stored.entries().unwrap();
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["acm-backup-webhook", "licenses/", "licenses/LICENSE"]
    );
    for (name, header) in &entries {
        assert_eq!(header.mtime().unwrap(), 0, "{name}");
        assert_eq!(header.uid().unwrap(), 0, "{name}");
        assert_eq!(header.mode().unwrap() & 0o022, 0, "{name}");
    }
}

#[test]
fn the_program_comes_out_as_it_went_in_and_can_be_run() {
    let dir = tempfile::tempdir().unwrap();
    let stored = read_back::open(&image_of(&program(0xb7), dir.path())).unwrap();
    assert_eq!(stored.architecture, "arm64");
    let out = stored.unpack(PROGRAM, dir.path()).unwrap();
    assert_eq!(std::fs::read(&out).unwrap(), program(0xb7));
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o755);
}

#[test]
fn a_program_that_needs_a_loader_is_refused_and_nothing_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("image.tar");
    let this_test = std::env::current_exe().unwrap();
    let error = write(&this_test, &out).unwrap_err().to_string();
    assert!(error.contains("is not static"), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn the_containerfile_says_the_same() {
    let text = std::fs::read_to_string(root().join("webhook/Containerfile")).unwrap();
    for line in [
        format!("USER {0}:{0}", archive::USER),
        format!("ENTRYPOINT [\"/{PROGRAM}\"]"),
        "EXPOSE 8443 8080".to_owned(),
        "FROM scratch".to_owned(),
    ] {
        assert!(
            text.lines().any(|written| written == line),
            "webhook/Containerfile lacks: {line}"
        );
    }
}
