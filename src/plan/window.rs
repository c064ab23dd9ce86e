//! What is the same for every municipality of a window in one pass. Pure.

use jiff::Timestamp;

use crate::plan::assess::Assessor;
use crate::plan::moment::Moment;
use crate::plan::world::World;

/// What is the same for every municipality of a window in one pass.
pub(super) struct WindowContext<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) moment: &'a Moment<'a>,
    pub(super) assessor: &'a Assessor<'a>,
    /// When the window opens.
    pub(super) opens_at: Timestamp,
    /// The first instant of `inicio`.
    pub(super) starts_at: Option<Timestamp>,
    /// Whether the window was already open on `inicio`: then everybody counts as told of edition 1 outside.
    pub(super) told_outside: bool,
}

impl<'a> WindowContext<'a> {
    pub(super) fn new(world: &'a World<'a>, moment: &'a Moment<'a>, assessor: &'a Assessor<'a>) -> Self {
        let zone = &world.calendar.hours.zone;
        let opens_at = zone.start_of(assessor.window().opens_on);
        let starts_at = world.calendar.starts_on.map(|day| zone.start_of(day));
        let told_outside = starts_at.is_some_and(|starts| opens_at < starts);
        Self { world, moment, assessor, opens_at, starts_at, told_outside }
    }
}
