//! An OCI image layout in a tar file: one image of one layer. The same image gives the same bytes.
//!
//! Formats: image-spec v1.1, `image-layout.md`, `manifest.md`, `config.md`, `layer.md`.

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::Write;

/// Who the program runs as, unless the pod says otherwise: a number, so that `runAsNonRoot` can be
/// judged without a password file.
pub const USER: u64 = 65532;

/// One file of the layer.
pub struct Content<'a> {
    /// Where it is, from the root.
    pub path: &'a str,
    /// Permissions.
    pub mode: u32,
    /// The bytes.
    pub data: &'a [u8],
}

/// What the image says and holds.
pub struct Image<'a> {
    /// In the words of OCI: `amd64`, `arm64`.
    pub architecture: &'a str,
    /// Its name without a tag.
    pub repository: &'a str,
    /// Its tag.
    pub version: &'a str,
    /// The path of the program it runs, from the root.
    pub program: &'a str,
    /// Its files.
    pub contents: &'a [Content<'a>],
}

/// Writes the archive.
pub fn write(image: &Image<'_>, to: &mut impl Write) -> Result<()> {
    let plain = tar_of(image.contents)?;
    let packed = compress(&plain)?;
    let config = serde_json::to_vec(&config(image, &digest(&plain)))?;
    let manifest = serde_json::to_vec(&manifest(&config, &packed))?;
    let index = serde_json::to_vec(&index(image, &manifest))?;

    let layout = br#"{"imageLayoutVersion":"1.0.0"}"#;
    let mut files = vec![
        ("index.json".to_owned(), &index[..]),
        ("oci-layout".to_owned(), &layout[..]),
    ];
    for blob in [&packed, &config, &manifest] {
        files.push((digest(blob).replace("sha256:", "blobs/sha256/"), blob));
    }
    let contents: Vec<Content<'_>> = files
        .iter()
        .map(|(path, data)| Content {
            path,
            mode: 0o644,
            data,
        })
        .collect();
    to.write_all(&tar_of(&contents)?)?;
    Ok(())
}

/// A tar file in the order of the paths, with every directory before what it holds, and no time in it.
fn tar_of(contents: &[Content<'_>]) -> Result<Vec<u8>> {
    let mut entries: std::collections::BTreeMap<String, Option<&Content<'_>>> = Default::default();
    for content in contents {
        for (end, _) in content.path.match_indices('/') {
            entries.insert(content.path[..=end].to_owned(), None);
        }
        entries.insert(content.path.to_owned(), Some(content));
    }
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in entries {
        let mut header = tar::Header::new_ustar();
        // Root's: whoever runs the program cannot change it.
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        let data = match content {
            Some(content) => {
                header.set_entry_type(tar::EntryType::Regular);
                header.set_mode(content.mode);
                content.data
            }
            None => {
                header.set_entry_type(tar::EntryType::Directory);
                header.set_mode(0o755);
                &[]
            }
        };
        header.set_size(data.len() as u64);
        tar.append_data(&mut header, path, data)?;
    }
    Ok(tar.into_inner()?)
}

fn compress(plain: &[u8]) -> Result<Vec<u8>> {
    // No name and no time in the header.
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
    gzip.write_all(plain)?;
    Ok(gzip.finish()?)
}

/// A digest as OCI writes it.
pub fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

fn config(image: &Image<'_>, diff_id: &str) -> Value {
    json!({
        "architecture": image.architecture,
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "User": format!("{USER}:{USER}"),
            "Entrypoint": [format!("/{}", image.program)],
            "ExposedPorts": { "8443/tcp": {}, "8080/tcp": {} },
            "WorkingDir": "/",
            "Labels": {
                "org.opencontainers.image.title": "acm-backup-webhook",
                "org.opencontainers.image.description":
                    "Admission webhook of acm-backup: labels what must be in the backup, refuses what would break disaster recovery",
                "org.opencontainers.image.version": image.version,
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [diff_id] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "cargo xtask image" }],
    })
}

fn descriptor(media_type: &str, blob: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": digest(blob), "size": blob.len() })
}

fn manifest(config: &[u8], layer: &[u8]) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
    })
}

fn index(image: &Image<'_>, manifest: &[u8]) -> Value {
    let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", manifest);
    entry["platform"] = json!({ "architecture": image.architecture, "os": "linux" });
    entry["annotations"] = json!({
        // Where podman and docker look for the whole name; the other is the tag alone.
        "io.containerd.image.name": format!("{}:{}", image.repository, image.version),
        "org.opencontainers.image.ref.name": image.version,
    });
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [entry],
    })
}
