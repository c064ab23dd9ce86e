//! What is said once a day, and again while it could not be said. No I/O.

use jiff::civil::Date;

/// What was said last.
#[derive(Debug, Default)]
pub(super) struct Reminder {
    reminded_on: Option<Date>,
}

impl Reminder {
    /// Reminds, unless that was done on this day. What failed was not done.
    pub(super) async fn once_a_day<E>(
        &mut self,
        today: Date,
        remind: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        if self.reminded_on != Some(today) {
            remind.await?;
            self.reminded_on = Some(today);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reminder_that_failed_is_due_until_it_is_given_and_then_once_a_day() {
        let mut reminder = Reminder::default();
        let (mut given, today) = (0, jiff::civil::date(2026, 11, 28));
        for fails in [true, true, false, false] {
            let remind = async {
                given += 1;
                if fails { Err("disco cheio") } else { Ok(()) }
            };
            assert_eq!(reminder.once_a_day(today, remind).await.is_err(), fails);
        }
        assert_eq!(given, 3);
        let remind = async {
            given += 1;
            Ok::<(), ()>(())
        };
        reminder.once_a_day(today.tomorrow().unwrap(), remind).await.unwrap();
        assert_eq!(given, 4, "the next day again");
    }
}
