//! What a body costs, by the allocator's own count: at most four times its size above what is there without it,
//! whatever it holds, and what one small review costs at most.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod hostile;
mod hub;
mod sweep;

use std::sync::{Mutex, PoisonError};

use hostile::{FILLS, Fill, KINDS, Kind, PLACES, body};
use hub::Subject;
use peak_alloc::PeakAlloc;
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// What any review may take besides: look-ups, texts of a bounded length, the answer.
const BESIDES: usize = 128 * 1024;

/// The count is of the whole process, so one measures at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// What a review of this body takes at its peak, and the status of its answer.
fn cost(subject: &Subject, kind: Kind, body: Vec<u8>) -> (usize, u16) {
    let request = subject.request(kind.path(), body);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let status = subject.answer(request);
    (ALLOCATOR.peak_usage().saturating_sub(before), status)
}

/// Of what was checked, the most for its size: `cargo test --test memory -- --nocapture` tells.
#[derive(Default)]
struct Worst(f64, String);

fn check(subject: &Subject, kind: Kind, parts: &[(&str, Fill)], size: usize, worst: &mut Worst) {
    let body = body(kind, parts, size);
    let length = body.len();
    let (peak, status) = cost(subject, kind, body);
    let times = peak as f64 / length as f64;
    let told = format!(
        "{kind:?} of {length} bytes with {parts:?} takes {peak}, {times:.1} times its size ({status})"
    );
    assert!(peak <= 4 * length + BESIDES, "{told}");
    if times > worst.0 {
        *worst = Worst(times, told);
    }
    assert!(
        matches!(status, 200 | 400),
        "{kind:?} with {parts:?} is answered {status}"
    );
}

/// Failed before: as a tree, a Restore full of zeros took 30 times its size, and a Secret's labels as a map 8 times.
#[test]
fn a_body_takes_four_times_its_size_whatever_it_holds() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let subject = Subject::new();
    let mut worst = Worst::default();
    for kind in KINDS {
        // What is set up once is not counted.
        let (small, status) = cost(&subject, kind, body(kind, &[], 0));
        let (again, _) = cost(&subject, kind, body(kind, &[], 0));
        assert_eq!(status, 200, "{kind:?}");
        assert!(again <= small.max(BESIDES), "{kind:?}: {again}");
        for place in PLACES {
            for fill in FILLS {
                check(&subject, kind, &[(place, fill)], 100_000, &mut worst);
            }
        }
    }
    eprintln!("of 100 KB: {}", worst.1);
    // The largest there may be, where most is read of it.
    let mut worst = Worst::default();
    for (kind, place) in [
        (Kind::Secret, "/request/object/metadata/labels"),
        (Kind::Restore, "/request/object/spec"),
        (
            Kind::Restore,
            "/request/object/spec/veleroManagedClustersBackupName",
        ),
        (Kind::Restore, "/request/userInfo/groups"),
        (Kind::Restore, "/request/uid"),
    ] {
        for fill in FILLS {
            check(&subject, kind, &[(place, fill)], 7_000_000, &mut worst);
        }
    }
    eprintln!("of 7 MB: {}", worst.1);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_body_with_several_of_them_as_well(
        kind in prop::sample::select(KINDS.to_vec()),
        parts in prop::collection::vec(
            (prop::sample::select(PLACES.to_vec()), prop::sample::select(FILLS.to_vec())), 1..5),
        size in prop::sample::select(vec![200_usize, 20_000, 64 << 10, 400_000]),
    ) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let subject = Subject::new();
        cost(&subject, kind, body(kind, &[], 0));
        check(&subject, kind, &parts, size, &mut Worst::default());
    }
}

#[test]
fn the_count_sees_what_is_allocated() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    drop(std::hint::black_box(vec![0_u8; 1 << 20]));
    assert!(ALLOCATOR.peak_usage() - before >= 1 << 20);
}
