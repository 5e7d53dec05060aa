//! What is judged of an object's text alone is what is judged of the whole object.

#![allow(clippy::unwrap_used, clippy::panic)]

use acm_backup_domain::kinds::Kind;
use acm_backup_domain::kinds::backup_schedule::BackupSchedule;
use acm_backup_domain::kinds::meta::Meta;
use acm_backup_domain::kinds::restore::Restore;
use acm_backup_domain::names::ATTESTATION;
use acm_backup_domain::project::{Projection, Shape, project};
use acm_backup_domain::read::Unreadable;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Any value at all, a few levels deep.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(vec![
            "latest",
            "skip",
            "Skip",
            "",
            "5d",
            "720h",
            "Enabled",
            "Finished",
            "2026-11-22T16:00:00Z",
            "a\n\"b\\\u{e9}",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z./]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// An object in which every field of `shape` may be there, of any kind, beside others.
fn object(shape: &'static Shape) -> BoxedStrategy<Value> {
    let Shape::Fields(fields) = shape else {
        return anything().boxed();
    };
    let each: Vec<_> = fields
        .iter()
        .map(|(key, shape)| {
            let there = prop_oneof![
                1 => Just(None),
                1 => anything().prop_map(Some),
                4 => object(shape).prop_map(Some),
            ];
            there.prop_map(|value| Some(((*key).to_owned(), value?)))
        })
        .collect();
    let others = prop::collection::btree_map("[a-z]{1,4}", anything(), 0..3);
    (each, others)
        .prop_map(|(fields, others)| {
            let mut map: Map<String, Value> = others.into_iter().collect();
            map.extend(fields.into_iter().flatten());
            Value::Object(map)
        })
        .boxed()
}

/// What no judgement asks for.
fn asked(meta: &mut Meta) {
    meta.labels.clear();
    meta.owners.clear();
    meta.annotations.retain(|key, _| key == ATTESTATION);
}

/// Of a field that nobody asks for nobody says that it cannot be read.
fn asked_fields(unreadable: &mut Vec<Unreadable>) {
    let other = |field: &str| {
        field.starts_with("metadata.labels")
            || field.starts_with("metadata.ownerReferences")
            || field.starts_with("metadata.annotations[") && !field.contains(ATTESTATION)
            || field == "status.messages"
    };
    unreadable.retain(|one| !other(&one.field));
}

fn projected(object: &Value, shape: &Shape) -> Projection {
    project(&object.to_string(), shape).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_restore_is_read_alike(object in object(&Restore::JUDGED)) {
        let mut whole = Restore::read(&object);
        asked(&mut whole.meta);
        asked_fields(&mut whole.unreadable);
        whole.messages.clear();
        let projected = projected(&object, &Restore::JUDGED);
        prop_assert_eq!(&projected.too_long, &[]);
        prop_assert_eq!(Restore::read(&projected.object), whole);
    }

    #[test]
    fn a_backup_schedule_is_read_alike(object in object(&BackupSchedule::JUDGED)) {
        let mut whole = BackupSchedule::read(&object);
        asked(&mut whole.meta);
        asked_fields(&mut whole.unreadable);
        let projected = projected(&object, &BackupSchedule::JUDGED);
        prop_assert_eq!(BackupSchedule::read(&projected.object), whole);
    }

    /// However deep or wide, no more comes out than was asked for.
    #[test]
    fn what_comes_out_is_bounded(object in object(&Restore::JUDGED)) {
        let bounded = projected(&object, &Restore::JUDGED).object;
        let again = projected(&bounded, &Restore::JUDGED).object;
        prop_assert_eq!(again, bounded);
    }
}

/// Blanks behind `latest` are cut off by the operator: a name that was only cut here would pass as another.
#[test]
fn a_text_longer_than_is_read_is_named_and_never_equal_to_one_that_is_not() {
    let latest = format!("latest{}", " ".repeat(5000));
    let object = json!({
        "metadata": {"annotations": {(ATTESTATION): "x".repeat(17_000)}},
        "spec": {"veleroManagedClustersBackupName": latest, "veleroResourcesBackupName": "\u{e9}".repeat(1023)},
    });
    let projection = projected(&object, &Restore::JUDGED);
    let told: Vec<_> = projection
        .too_long
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        told,
        [
            "metadata.annotations[acm-backup.dev/attest-old-hub] is longer than 16384 bytes",
            "spec.veleroManagedClustersBackupName is longer than 1024 bytes",
            "spec.veleroResourcesBackupName is longer than 1024 bytes",
        ]
    );
    let restore = Restore::read(&projection.object);
    assert_eq!(restore.managed_clusters.unwrap().len(), 1025);
    assert_eq!(restore.resources.unwrap().len(), 1026, "cut at a character");
}

#[test]
fn the_last_of_two_counts_and_nothing_of_the_first_is_left() {
    let text = r#"{"spec": {"veleroManagedClustersBackupName": "latest", "veleroResourcesBackupName": "skip"},
        "spec": {"veleroManagedClustersBackupName": "skip"}}"#;
    let whole = Restore::read(&serde_json::from_str(text).unwrap());
    let projection = project(text, &Restore::JUDGED).unwrap();
    assert_eq!(Restore::read(&projection.object), whole);
    assert_eq!(whole.resources, None);
}

#[test]
fn depth_without_end_is_skipped() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let text = format!(r#"{{"spec": {{"paused": {deep}, "x": {deep}}}, "status": {deep}}}"#);
    let projection = project(&text, &BackupSchedule::JUDGED).unwrap();
    let schedule = BackupSchedule::read(&projection.object);
    let unreadable: Vec<_> = schedule.unreadable.iter().map(|one| &*one.field).collect();
    assert_eq!(unreadable, ["spec.paused"]);
}

#[test]
fn what_is_no_json_is_none() {
    for text in [
        "",
        "{",
        "{\"spec\": {\"syncRestoreWithNewBackups\": 1e999}}",
        "{} {}",
        "{\"spec\" 1}",
    ] {
        assert!(project(text, &Restore::JUDGED).is_err(), "{text}");
    }
}
