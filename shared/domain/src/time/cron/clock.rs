//! Go's `time.Time` as far as robfig uses it: a wall clock in a zone, and what its
//! arithmetic does where the zone's clocks are put forward or back.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

/// A whole second, read in a zone. Every step is `None` beyond year 9999.
#[derive(Clone, Copy)]
pub(super) struct Clock<'z> {
    unix: i64,
    wall: DateTime,
    zone: &'z TimeZone,
}

impl<'z> Clock<'z> {
    /// The first whole second strictly after a moment.
    pub(super) fn after(moment: Timestamp, zone: &'z TimeZone) -> Option<Self> {
        Self::at(floor_second(moment).checked_add(1)?, zone)
    }

    fn at(unix: i64, zone: &'z TimeZone) -> Option<Self> {
        let moment = Timestamp::from_second(unix).ok()?;
        let wall = zone.to_offset(moment).to_datetime(moment);
        Some(Self { unix, wall, zone })
    }

    /// Go's `time.Date`. A wall clock time the zone skips or repeats is settled by
    /// looking the offset up twice: as if the wall clock were UTC, then at the
    /// moment that offset gives.
    fn at_wall(wall: DateTime, zone: &'z TimeZone) -> Option<Self> {
        let as_utc = Offset::UTC.to_timestamp(wall).ok()?.as_second();
        let guess = as_utc.checked_sub(offset_at(as_utc, zone)?)?;
        Self::at(as_utc.checked_sub(offset_at(guess, zone)?)?, zone)
    }

    pub(super) fn wall(self) -> DateTime {
        self.wall
    }

    pub(super) fn moment(self) -> Option<Timestamp> {
        Timestamp::from_second(self.unix).ok()
    }

    pub(super) fn is_after(self, other: Self) -> bool {
        self.unix > other.unix
    }

    pub(super) fn plus_seconds(self, seconds: i64) -> Option<Self> {
        Self::at(self.unix.checked_add(seconds)?, self.zone)
    }

    /// Go's `AddDate(0, 1, 0)`: the same day of the next month, where the 31st of a
    /// month of thirty days is the first of the one after.
    pub(super) fn plus_month(self) -> Option<Self> {
        let first = match self.wall.month() {
            12 => Date::new(self.wall.year().checked_add(1)?, 1, 1),
            month => Date::new(self.wall.year(), month.saturating_add(1), 1),
        };
        let days = self.wall.day().saturating_sub(1);
        let date = (0..days).try_fold(first.ok()?, |date, _| date.tomorrow().ok())?;
        Self::at_wall(date.to_datetime(self.wall.time()), self.zone)
    }

    /// Go's `AddDate(0, 0, 1)`: the same time of the next day.
    pub(super) fn plus_day(self) -> Option<Self> {
        let date = self.wall.date().tomorrow().ok()?;
        Self::at_wall(date.to_datetime(self.wall.time()), self.zone)
    }

    pub(super) fn start_of_month(self) -> Option<Self> {
        let date = self.wall.date().first_of_month();
        Self::at_wall(date.at(0, 0, 0, 0), self.zone)
    }

    pub(super) fn start_of_day(self) -> Option<Self> {
        Self::at_wall(self.wall.date().at(0, 0, 0, 0), self.zone)
    }

    pub(super) fn start_of_hour(self) -> Option<Self> {
        let hour = self.wall.hour();
        Self::at_wall(self.wall.date().at(hour, 0, 0, 0), self.zone)
    }

    /// Go's `Truncate(time.Minute)`, which counts in absolute time: in a zone whose
    /// offset has seconds, the wall clock keeps some.
    pub(super) fn start_of_minute(self) -> Option<Self> {
        Self::at(
            self.unix.saturating_sub(self.unix.rem_euclid(60)),
            self.zone,
        )
    }
}

/// The last whole second not after a moment, before 1970 too.
pub(super) fn floor_second(moment: Timestamp) -> i64 {
    if moment.subsec_nanosecond() < 0 {
        moment.as_second().saturating_sub(1)
    } else {
        moment.as_second()
    }
}

fn offset_at(unix: i64, zone: &TimeZone) -> Option<i64> {
    let moment = Timestamp::from_second(unix).ok()?;
    Some(i64::from(zone.to_offset(moment).seconds()))
}
