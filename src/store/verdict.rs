//! Whether a load counts, as people had ruled by an instant: for the statements that look back.

/// The verdict on `s` as people had ruled by an instant: the last ruling until then, else what stood before the first one after,
/// else what stands.
macro_rules! verdict_then {
    ($at:literal) => {
        concat!(
            "COALESCE((SELECT r.verdict FROM snapshot_rulings r WHERE r.snapshot = s.id AND r.ruled_at <= ",
            $at,
            " ORDER BY r.position DESC LIMIT 1), ",
            "(SELECT r.before FROM snapshot_rulings r WHERE r.snapshot = s.id ORDER BY r.position LIMIT 1), s.verdict)"
        )
    };
}

/// Whether `s` was recorded by an instant, and accepted as people had ruled by then.
macro_rules! accepted_then {
    ($at:literal) => {
        concat!("s.recorded_at <= ", $at, " AND ", $crate::store::verdict::verdict_then!($at), " = 'aceita'")
    };
}
pub(crate) use {accepted_then, verdict_then};
