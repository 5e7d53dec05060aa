use super::*;
use serde_json::{Value, json};

/// Kind, field, what it names.
fn schemas() -> Vec<(ReferrerKind, &'static str, &'static str)> {
    let of = |kind: &str| {
        ReferrerKind::ALL
            .into_iter()
            .find(|it| it.kind() == kind)
            .unwrap()
    };
    include_str!("hive.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let [kind, field, names, _] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            (of(kind), field, names)
        })
        .collect()
}

fn covers(path: &str, field: &str) -> bool {
    let (path, field): (Vec<_>, Vec<_>) = (path.split('.').collect(), field.split('.').collect());
    path.len() == field.len()
        && path
            .iter()
            .zip(&field)
            .all(|(path, field)| *path == "*" || path == field)
}

/// An object that names `x` in this field and nothing else.
fn naming(field: &str) -> Value {
    field.rsplit('.').fold(json!({"name": "x"}), |inner, key| {
        match key.strip_suffix("[]") {
            Some(list) => json!({list: [inner]}),
            None => json!({key: inner}),
        }
    })
}

#[test]
fn every_secret_and_config_map_hives_schemas_can_name_is_labelled_or_left_out_with_a_reason() {
    for (kind, field, names) in schemas() {
        let rows: Vec<_> = kind
            .table()
            .iter()
            .filter(|Row(path, _)| covers(path, field))
            .collect();
        let found = Referrer::read(kind, &naming(field)).references;
        match (names, &rows[..]) {
            ("other", []) => assert!(found.is_empty(), "{field}"),
            ("Secret" | "ConfigMap", [Row(_, Treatment::LeftOut(why))]) => {
                assert!(!why.is_empty() && found.is_empty(), "{field}: {why}");
            }
            ("Secret" | "ConfigMap", [_]) => {
                let [reference] = &found[..] else {
                    panic!("{field}: {found:?}");
                };
                assert_eq!(reference.what.kind(), names, "{field}");
                assert_eq!(&*reference.name, "x");
                assert_eq!(reference.field, field.replace("[]", "[0]"));
            }
            (_, rows) => panic!("{} {field}: {} rows", kind.kind(), rows.len()),
        }
    }
}

#[test]
fn every_row_is_a_reference_that_some_version_has() {
    let schemas = schemas();
    for kind in ReferrerKind::ALL {
        for Row(path, _) in kind.table() {
            assert!(
                schemas
                    .iter()
                    .any(|(of, field, _)| *of == kind && covers(path, field)),
                "{} {path}",
                kind.kind()
            );
        }
    }
}

/// As it stands in docs/labels.md.
fn page(kind: ReferrerKind) -> String {
    let rows = kind.table().iter().map(|Row(path, treatment)| {
        let becomes = match treatment {
            Treatment::Secret(value) => format!("`{}`", value.as_str()),
            Treatment::ConfigMap(value) => format!("`{}`, on the ConfigMap", value.as_str()),
            Treatment::LeftOut(why) => format!("left out: {why}"),
        };
        format!("| `{path}` | {becomes} |\n")
    });
    let rows: String = rows.collect();
    format!("| field | value |\n|---|---|\n{rows}")
}

#[test]
fn the_page_has_every_reference_with_its_value_or_the_reason() {
    let text = include_str!("../../../../../docs/labels.md");
    for kind in ReferrerKind::ALL {
        let page = page(kind);
        assert!(text.contains(&page), "docs/labels.md is to have:\n{page}");
    }
}

#[test]
fn every_item_and_every_platform_is_looked_at_and_told_apart() {
    let read = Referrer::read(
        ReferrerKind::ClusterDeployment,
        &json!({
            "metadata": {"name": "c1", "namespace": "ns", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {
                "certificateBundles": [
                    {"certificateSecretRef": {"name": "a"}},
                    {"name": "generated"},
                    {"certificateSecretRef": {"name": "b"}}
                ],
                "platform": {
                    "aws": {"credentialsSecretRef": {"name": "c"}},
                    "one-of-2031": {"credentialsSecretRef": {"name": "d"}}
                }
            }
        }),
    );
    assert_eq!((&*read.namespace, &*read.name), ("ns", "c1"));
    assert!(read.created.is_some() && !read.claims_prefix);
    let found: Vec<_> = read
        .references
        .iter()
        .map(|it| (&*it.name, &*it.field))
        .collect();
    assert_eq!(
        found,
        [
            ("a", "spec.certificateBundles[0].certificateSecretRef"),
            ("b", "spec.certificateBundles[2].certificateSecretRef"),
            ("c", "spec.platform.aws.credentialsSecretRef"),
            ("d", "spec.platform.one-of-2031.credentialsSecretRef"),
        ]
    );
}

#[test]
fn what_is_not_a_reference_is_none() {
    for spec in [
        json!(null),
        json!(7),
        json!({"pullSecretRef": {}, "platform": {"none": {}}}),
        json!({"pullSecretRef": {"name": ""}, "platform": []}),
        json!({"pullSecretRef": {"name": 7}, "certificateBundles": {"name": "x"}}),
        json!({"pullSecretRef": "pull", "certificateBundles": [null, 1]}),
    ] {
        for kind in ReferrerKind::ALL {
            let read = Referrer::read(kind, &json!({"spec": spec}));
            assert!(read.references.is_empty(), "{spec}");
        }
    }
}
