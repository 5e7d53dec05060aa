//! robfig's search for the next run.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Fields;
use super::clock::{Clock, floor_second};

/// Years after which the search is given up.
const YEARS: i16 = 5;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// `ConstantDelaySchedule.Next`: from the whole second the moment lies in.
pub(super) fn every(delay: SignedDuration, after: Timestamp) -> Option<Timestamp> {
    let second = floor_second(after).checked_add(delay.as_secs())?;
    Timestamp::from_second(second).ok()
}

/// `SpecSchedule.Next`: month, day, hour and minute are moved on in this order until
/// each is admitted; one that wraps around starts the search over from the month.
pub(super) fn calendar(fields: &Fields, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    // Nothing to find. robfig walks five years of minutes to the same answer.
    if fields.minute.is_empty() || fields.hour.is_empty() || fields.month.is_empty() {
        return None;
    }
    let clock = Clock::after(after, zone)?;
    let last_year = clock.wall().year().checked_add(YEARS)?;
    let mut search = Search {
        fields,
        clock,
        moved: false,
    };
    while search.clock.wall().year() <= last_year {
        let settled = search.month()? == Step::Settled
            && search.day()? == Step::Settled
            && search.hour()? == Step::Settled
            && search.minute()? == Step::Settled
            && search.second()? == Step::Settled;
        if settled {
            return search.clock.moment();
        }
    }
    None
}

#[derive(PartialEq, Eq)]
enum Step {
    /// The field is admitted.
    Settled,
    /// The field came around to its first value, so the larger ones changed.
    Wrapped,
}

struct Search<'a> {
    fields: &'a Fields,
    clock: Clock<'a>,
    /// Whether the clock has left the starting moment. The first field to move also
    /// drops everything smaller than itself.
    moved: bool,
}

/// Each step is `None` where the calendar ends.
impl<'a> Search<'a> {
    fn month(&mut self) -> Option<Step> {
        while !self.fields.month.admits(self.clock.wall().month()) {
            self.leave_start(Clock::start_of_month)?;
            self.clock = self.clock.plus_month()?;
            if self.clock.wall().month() == 1 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    fn day(&mut self) -> Option<Step> {
        while !self.day_is_admitted() {
            self.leave_start(Clock::start_of_day)?;
            let next = at_midnight(self.clock.plus_day()?)?;
            if !next.is_after(self.clock) {
                // A zone that skips a whole day (Samoa, 2011) sends Go's calendar
                // back to where it was, and robfig around forever.
                return None;
            }
            self.clock = next;
            if self.clock.wall().day() == 1 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    fn hour(&mut self) -> Option<Step> {
        while !self.fields.hour.admits(self.clock.wall().hour()) {
            self.leave_start(Clock::start_of_hour)?;
            self.clock = self.clock.plus_seconds(HOUR)?;
            if self.clock.wall().hour() == 0 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    fn minute(&mut self) -> Option<Step> {
        while !self.fields.minute.admits(self.clock.wall().minute()) {
            self.leave_start(Clock::start_of_minute)?;
            self.clock = self.clock.plus_seconds(MINUTE)?;
            if self.clock.wall().minute() == 0 {
                return Some(Step::Wrapped);
            }
        }
        Some(Step::Settled)
    }

    /// A standard expression has no field for seconds: only second 0 is admitted.
    fn second(&mut self) -> Option<Step> {
        match i64::from(self.clock.wall().second()) {
            0 => Some(Step::Settled),
            second => {
                self.moved = true;
                self.clock = self.clock.plus_seconds(MINUTE.saturating_sub(second))?;
                Some(Step::Wrapped)
            }
        }
    }

    fn leave_start(&mut self, drop_smaller: fn(Clock<'a>) -> Option<Clock<'a>>) -> Option<()> {
        if !self.moved {
            self.moved = true;
            self.clock = drop_smaller(self.clock)?;
        }
        Some(())
    }

    /// Day of month and day of week must both match if either is a star, else one of
    /// them will do.
    fn day_is_admitted(&self) -> bool {
        let (day_of_month, day_of_week) = (self.fields.day_of_month, self.fields.day_of_week);
        let wall = self.clock.wall();
        let month_fits = day_of_month.admits(wall.day());
        let week_fits = day_of_week.admits(wall.weekday().to_sunday_zero_offset());
        if day_of_month.is_star() || day_of_week.is_star() {
            month_fits && week_fits
        } else {
            month_fits || week_fits
        }
    }
}

/// Where midnight does not exist the calendar lands an hour off. Going back from one
/// o'clock leads into the day before, so that such a day is passed over: robfig's
/// way, kept.
fn at_midnight(clock: Clock<'_>) -> Option<Clock<'_>> {
    match i64::from(clock.wall().hour()) {
        0 => Some(clock),
        late @ 13.. => clock.plus_seconds(24_i64.saturating_sub(late).saturating_mul(HOUR)),
        early => clock.plus_seconds(early.saturating_mul(-HOUR)),
    }
}
