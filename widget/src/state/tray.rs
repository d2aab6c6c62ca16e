//! The files that the visitor has picked for the next message: which one is uploaded when, and what became of each.
//!
//! One is uploaded at a time, in the order they were picked: a browser opens few connections to a server, and messages
//! need theirs.

use shared::{Attachment, limits::ATTACHMENTS_MAX};

/// A file in the composer.
#[derive(Clone, Debug, PartialEq)]
pub struct Picked {
    /// Its name in this page, given out once.
    pub number: u32,
    pub name: String,
    /// In bytes.
    pub size: f64,
    pub stage: Stage,
}

/// How far a file has come.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    Waiting,
    /// So many hundredths of it have been sent.
    Uploading(u8),
    Uploaded(Attachment),
    Failed(Failure),
}

/// Why a file was not uploaded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    Empty,
    /// The server takes no more than so many bytes, where it has said how many.
    TooLarge(Option<f64>),
    Offline,
    /// There was no answer, or the server could not take it now.
    Interrupted,
    Refused,
}

impl Failure {
    /// What an answer of the server means that is no success. Status 0 stands for no answer at all.
    pub fn of(status: u16, max_size: Option<f64>) -> Self {
        match status {
            413 => Self::TooLarge(max_size),
            400..=499 if !matches!(status, 401 | 408 | 425 | 429) => Self::Refused,
            _ => Self::Interrupted,
        }
    }

    /// Whether the same file may be taken another time.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::Offline | Self::Interrupted)
    }
}

/// What keeps a message, or another file, back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is sent when everything is uploaded.
    Uploading,
    /// Something was not uploaded; the visitor decides what to do without it.
    Failed,
    /// No more files fit into one message.
    Full,
}

#[derive(Clone, Debug, Default)]
pub struct Tray {
    /// In the order they were picked.
    files: Vec<Picked>,
    n_picked: u32,
    /// What the server has said that it takes at most.
    max_size: Option<f64>,
    hold: Option<Hold>,
}

impl Tray {
    /// In the order they were picked.
    pub fn files(&self) -> &[Picked] {
        &self.files
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn hold(&self) -> Option<Hold> {
        self.hold
    }

    /// Takes a file and answers its number; `None` when there is no more room.
    pub fn pick(&mut self, name: String, size: f64) -> Option<u32> {
        if self.files.len() >= ATTACHMENTS_MAX {
            self.hold = Some(Hold::Full);
            return None;
        }
        self.hold = None;
        let stage = if size == 0.0 {
            Stage::Failed(Failure::Empty)
        } else if self.max_size.is_some_and(|max_size| size > max_size) {
            Stage::Failed(Failure::TooLarge(self.max_size))
        } else {
            Stage::Waiting
        };
        self.n_picked += 1;
        self.files.push(Picked { number: self.n_picked, name, size, stage });
        Some(self.n_picked)
    }

    /// The file to upload now, if it is time for one.
    pub fn next_upload(&mut self) -> Option<Picked> {
        if self.files.iter().any(|file| matches!(file.stage, Stage::Uploading(_))) {
            return None;
        }
        let file = self.files.iter_mut().find(|file| file.stage == Stage::Waiting)?;
        file.stage = Stage::Uploading(0);
        Some(file.clone())
    }

    /// So much of the file that is being uploaded has been sent. Answers whether that is to be seen.
    pub fn progressed(&mut self, n_sent: f64) -> bool {
        for file in &mut self.files {
            if let Stage::Uploading(percent) = &mut file.stage {
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
                let now_percent = ((100.0 * n_sent / file.size) as u8).min(100);
                return std::mem::replace(percent, now_percent) != now_percent;
            }
        }
        false
    }

    /// An upload has ended. One that was given up meanwhile is passed over.
    pub fn finish(&mut self, number: u32, result: Result<Attachment, Failure>) {
        if let Err(Failure::TooLarge(Some(max_size))) = result {
            self.max_size = Some(max_size);
        }
        let is_failure = result.is_err();
        if let Some(file) = self.file(number) {
            file.stage = match result {
                Ok(attachment) => Stage::Uploaded(attachment),
                Err(failure) => Stage::Failed(failure),
            };
            if is_failure && self.hold == Some(Hold::Uploading) {
                self.hold = Some(Hold::Failed);
            }
        }
    }

    /// The visitor does not want a file any more. Answers whether it was being uploaded.
    pub fn remove(&mut self, number: u32) -> bool {
        self.hold = None;
        let is_uploading = self.file(number).is_some_and(|file| matches!(file.stage, Stage::Uploading(_)));
        self.files.retain(|file| file.number != number);
        is_uploading
    }

    /// The visitor wants a file tried again.
    pub fn try_again(&mut self, number: u32) {
        self.hold = None;
        if let Some(file) = self.file(number) {
            file.stage = Stage::Waiting;
        }
    }

    /// The network is back: what failed for want of it is tried again.
    pub fn network_is_back(&mut self) {
        for file in &mut self.files {
            if matches!(file.stage, Stage::Failed(failure) if failure.may_pass()) {
                file.stage = Stage::Waiting;
            }
        }
    }

    /// The session has ended, and what was uploaded in it can't be sent in another.
    pub fn session_over(&mut self) {
        for file in &mut self.files {
            if matches!(file.stage, Stage::Uploaded(_)) {
                file.stage = Stage::Waiting;
            }
        }
    }

    /// The visitor wants to send. Answers whether that can be now; where it can't, [`Tray::hold`] says why.
    pub fn may_send(&mut self) -> bool {
        let failed = |file: &Picked| matches!(file.stage, Stage::Failed(_));
        self.hold = if self.files.iter().any(failed) {
            Some(Hold::Failed)
        } else if self.is_uploaded() {
            None
        } else {
            Some(Hold::Uploading)
        };
        self.hold.is_none()
    }

    /// The visitor goes on writing, so nothing is sent without being asked for again.
    pub fn release(&mut self) {
        self.hold = None;
    }

    /// Whether the moment has come that a message was held for.
    pub fn is_due(&self) -> bool {
        self.hold == Some(Hold::Uploading) && self.is_uploaded()
    }

    /// Empties the tray into a message.
    pub fn take(&mut self) -> Vec<Attachment> {
        let uploaded = std::mem::take(&mut self.files).into_iter().filter_map(|file| match file.stage {
            Stage::Uploaded(attachment) => Some(attachment),
            _ => None,
        });
        uploaded.collect()
    }

    fn is_uploaded(&self) -> bool {
        self.files.iter().all(|file| matches!(file.stage, Stage::Uploaded(_)))
    }

    fn file(&mut self, number: u32) -> Option<&mut Picked> {
        self.files.iter_mut().find(|file| file.number == number)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::state::attachments::fixtures::attachment;

    fn tray(n_files: u32) -> Tray {
        let mut tray = Tray::default();
        for n in 1..=n_files {
            assert_eq!(tray.pick(format!("{n}.png"), 1000.0), Some(n));
        }
        tray
    }

    /// The number of the next file to upload.
    fn next(tray: &mut Tray) -> Option<u32> {
        tray.next_upload().map(|file| file.number)
    }

    fn stage(tray: &Tray, number: u32) -> &Stage {
        &tray.files().iter().find(|file| file.number == number).unwrap().stage
    }

    fn upload_all(tray: &mut Tray) {
        while let Some(number) = next(tray) {
            tray.finish(number, Ok(attachment(number)));
        }
    }

    #[test]
    fn files_are_uploaded_one_after_the_other_in_the_order_they_were_picked() {
        let mut tray = tray(2);
        assert_eq!(next(&mut tray), Some(1));
        assert_eq!(next(&mut tray), None, "one at a time");
        tray.finish(1, Ok(attachment(1)));
        assert_eq!(next(&mut tray), Some(2));
        tray.finish(2, Ok(attachment(2)));
        assert_eq!(next(&mut tray), None);
        assert!(tray.may_send());
        assert_eq!(tray.take(), [attachment(1), attachment(2)]);
        assert!(tray.is_empty());
    }

    #[test]
    fn progress_is_news_when_it_is_another_hundredth_of_what_is_being_uploaded() {
        let mut tray = tray(2);
        assert!(!tray.progressed(500.0), "nothing has begun");
        next(&mut tray);
        assert!(tray.progressed(500.0));
        assert!(!tray.progressed(501.0));
        assert!(tray.progressed(2000.0), "the request is a little larger than the file");
        assert_eq!(stage(&tray, 1), &Stage::Uploading(100));
        tray.finish(1, Ok(attachment(1)));
        assert!(!tray.progressed(700.0), "it has ended");
    }

    #[test]
    fn an_empty_file_and_one_over_a_limit_that_is_known_are_not_even_tried() {
        let mut tray = tray(1);
        tray.pick("empty.txt".into(), 0.0);
        next(&mut tray);
        tray.finish(1, Err(Failure::TooLarge(Some(900.0))));
        tray.pick("large.txt".into(), 901.0);
        tray.pick("just.txt".into(), 900.0);
        assert_eq!(stage(&tray, 2), &Stage::Failed(Failure::Empty));
        assert_eq!(stage(&tray, 3), &Stage::Failed(Failure::TooLarge(Some(900.0))));
        assert_eq!(next(&mut tray), Some(4));
    }

    #[test]
    fn a_failed_upload_holds_up_no_other_and_can_be_tried_again() {
        let mut tray = tray(2);
        next(&mut tray);
        tray.finish(1, Err(Failure::Interrupted));
        upload_all(&mut tray);
        assert!(!tray.may_send());
        assert_eq!(tray.hold(), Some(Hold::Failed));
        tray.try_again(1);
        assert_eq!(tray.hold(), None);
        upload_all(&mut tray);
        assert_eq!(tray.take(), [attachment(1), attachment(2)]);
    }

    #[test]
    fn what_failed_for_want_of_a_network_is_tried_again_when_it_is_back_and_nothing_else_is() {
        let mut tray = tray(3);
        for failure in [Failure::Offline, Failure::Refused, Failure::Interrupted] {
            let number = next(&mut tray).unwrap();
            tray.finish(number, Err(failure));
        }
        tray.network_is_back();
        assert_eq!(next(&mut tray), Some(1));
        tray.finish(1, Ok(attachment(1)));
        assert_eq!(next(&mut tray), Some(3));
        assert_eq!(stage(&tray, 2), &Stage::Failed(Failure::Refused));
    }

    #[test]
    fn a_message_that_is_held_is_due_when_everything_is_uploaded() {
        let mut tray = tray(1);
        assert!(!tray.may_send());
        assert_eq!(tray.hold(), Some(Hold::Uploading));
        assert!(!tray.is_due());
        upload_all(&mut tray);
        assert!(tray.is_due());
        assert!(tray.may_send());
        assert!(!tray.is_due());
    }

    #[test]
    fn a_message_is_held_no_longer_when_a_file_fails_or_goes_or_comes_or_the_visitor_writes_on() {
        fn remove(tray: &mut Tray) {
            tray.remove(1);
        }
        fn pick(tray: &mut Tray) {
            tray.pick("another.png".into(), 1.0);
        }
        fn fail(tray: &mut Tray) {
            tray.finish(1, Err(Failure::Refused));
        }
        let acts: [fn(&mut Tray); 4] = [Tray::release, remove, pick, fail];
        for (index, act) in acts.into_iter().enumerate() {
            let mut tray = tray(2);
            next(&mut tray);
            tray.may_send();
            act(&mut tray);
            upload_all(&mut tray);
            assert!(!tray.is_due(), "{index}");
        }
    }

    #[test]
    fn a_file_that_was_removed_stays_away_when_its_upload_ends() {
        let mut tray = tray(2);
        next(&mut tray);
        assert!(tray.remove(1), "it is to be stopped");
        tray.finish(1, Ok(attachment(1)));
        assert_eq!(next(&mut tray), Some(2), "and the next takes its turn");
        tray.finish(2, Ok(attachment(2)));
        assert!(!tray.remove(2), "nothing is to be stopped");
        assert!(tray.is_empty());
    }

    #[test]
    fn a_message_has_so_many_files_and_no_more() {
        let mut tray = tray(u32::try_from(ATTACHMENTS_MAX).unwrap());
        assert_eq!(tray.pick("one too many".into(), 1.0), None);
        assert_eq!(tray.hold(), Some(Hold::Full));
        tray.remove(1);
        assert_eq!(tray.hold(), None);
        assert!(tray.pick("now it fits".into(), 1.0).is_some());
    }

    #[test]
    fn what_was_uploaded_in_a_session_that_ended_is_uploaded_again() {
        let mut tray = tray(1);
        upload_all(&mut tray);
        tray.session_over();
        assert_eq!(next(&mut tray), Some(1));
    }

    #[test]
    fn answers_mean_what_the_protocol_says() {
        assert_eq!(Failure::of(413, Some(7.0)), Failure::TooLarge(Some(7.0)));
        for status in [400, 403, 404, 422] {
            assert_eq!(Failure::of(status, None), Failure::Refused, "{status}");
        }
        for status in [0, 401, 408, 425, 429, 500, 503, 507] {
            assert_eq!(Failure::of(status, None), Failure::Interrupted, "{status}");
        }
        assert!(!Failure::Refused.may_pass() && Failure::Interrupted.may_pass());
    }
}
