//! Files on their way to the server. Each is uploaded as soon as it is picked, so that most have arrived when the visitor
//! sends. `XMLHttpRequest` does it: `fetch` does not tell how far an upload has come.

use crate::{
    api,
    browser::{after, call, element, function, get, is_online, number, set, spawn, text},
    chat::{self, chat},
    locale::t_with,
    state::{
        attachments::limit_in,
        outbox::Outcome,
        tray::{Failure, Picked, Stage},
    },
    ui::{draw, tray::reason},
    wire,
};
use js_sys::{Array, encode_uri_component};
use shared::Attachment;
use wasm_bindgen::JsValue;

/// An upload that has not moved for so long is given up.
const STALL_MS: f64 = 30_000.0;

/// The element that lets the visitor choose.
pub const CHOOSER: &str = "files";

/// Takes the files of a `FileList`. Answers whether there are any.
pub fn pick(files: &JsValue) -> bool {
    let mut n_files = 0_u32;
    loop {
        let file = get(files, &n_files.to_string());
        if file.is_falsy() {
            break;
        }
        n_files += 1;
        let (name, size) = (text(&file, "name").unwrap_or_default(), number(&file, "size"));
        let number = chat().tray.pick(name, size);
        if let Some(number) = number {
            chat().files.push((number, file));
            tell(number);
        }
    }
    go_on();
    n_files > 0
}

/// Lets the visitor choose. Not within the event that asks for it: what listens to clicks would hear another one while it
/// is at this one.
pub fn choose() {
    after(0.0, || {
        if let Some(chooser) = element(CHOOSER) {
            call(&chooser, "click", &Array::new());
        }
    });
}

/// The visitor has chosen.
pub fn chosen() {
    if let Some(chooser) = element(CHOOSER) {
        pick(&get(&chooser, "files"));
        // Otherwise the same file could not be chosen a second time.
        set(&chooser, "value", &"".into());
    }
    chat::focus();
}

/// The visitor does not want a file any more.
pub fn remove(number: u32) {
    let is_uploading = chat().tray.remove(number);
    chat().files.retain(|(known, _)| *known != number);
    if is_uploading {
        stop();
    }
    go_on();
}

/// The visitor wants a file tried again.
pub fn try_again(number: u32) {
    chat().tray.try_again(number);
    go_on();
}

/// What failed for want of a network is tried again.
pub fn network_is_back() {
    if is_online() {
        chat().tray.network_is_back();
        go_on();
    }
}

/// Empties the composer of its files, which go with a message.
pub fn take() -> Vec<Attachment> {
    let mut chat = chat();
    chat.files.clear();
    chat.tray.take()
}

/// Uploads what waits, one after the other.
pub fn go_on() {
    draw();
    spawn(async { while upload_next().await {} });
}

/// Answers whether there was one, so that there may be another.
async fn upload_next() -> bool {
    let next = chat().tray.next_upload();
    let Some(file) = next else {
        return false;
    };
    tell(file.number);
    let result = upload(&file).await;
    chat().tray.finish(file.number, result);
    tell(file.number);
    let is_due = chat().tray.is_due();
    if is_due {
        chat::submit();
    }
    true
}

/// Uploads a file, with a session that is made if there is none.
async fn upload(file: &Picked) -> Result<Attachment, Failure> {
    match api::ensure_session().await {
        Ok(()) => {}
        Err(Outcome::Refused(_)) => return Err(Failure::Refused),
        Err(_) => return Err(interrupted()),
    }
    let content =
        chat().files.iter().find(|(number, _)| *number == file.number).map(|(_, file)| file.clone());
    let path = ["/attachments?name=", &String::from(encode_uri_component(&file.name))].concat();
    // It may not be wanted any more, and the session may have ended again.
    let Some(content) = content else {
        return Err(Failure::Refused);
    };
    let Some(reply) = api::call("POST", &path, &content).await else {
        return Err(interrupted());
    };
    chat().upload_timer.clear();
    reply.read(wire::attachment).ok_or_else(|| {
        let limit = wire::error_message(&reply.body).and_then(|message| limit_in(&message));
        match Failure::of(reply.status, limit.map(f64::from)) {
            Failure::Interrupted => interrupted(),
            failure => failure,
        }
    })
}

/// Why there was no answer, as far as one can know.
fn interrupted() -> Failure {
    if is_online() { Failure::Interrupted } else { Failure::Offline }
}

/// Watches how far the request comes that carries a file.
pub fn watch(request: &JsValue) {
    chat().upload.clone_from(request);
    watch_stall();
    let on_progress = function(|event| {
        watch_stall();
        let is_news = chat().tray.progressed(number(&event, "loaded"));
        if is_news {
            draw();
        }
    });
    set(&get(request, "upload"), "onprogress", &on_progress);
}

fn watch_stall() {
    chat().upload_timer.set(STALL_MS, stop);
}

/// Ends the upload that is under way.
fn stop() {
    let request = chat().upload.clone();
    call(&request, "abort", &Array::new());
}

/// Tells screen readers how far a file has come.
fn tell(number: u32) {
    {
        let mut chat = chat();
        let file = chat.tray.files().iter().find(|file| file.number == number);
        let news = file.map(|Picked { name, stage, .. }| match stage {
            Stage::Waiting | Stage::Uploading(_) => t_with("uploading", name),
            Stage::Uploaded(_) => t_with("attached", name),
            Stage::Failed(failure) => [name, ": ", &reason(*failure)].concat(),
        });
        chat.said = news.unwrap_or_default();
    }
    draw();
}
