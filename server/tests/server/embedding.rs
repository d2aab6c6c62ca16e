//! What docs/embedding.md says about signing is true: each way to sign that can run here makes a token that is taken.

use server::{
    auth::identity,
    clock::{Clock, SystemClock},
};
use std::{fs, path::Path, process::Command};

const EMBEDDING_MD: &str = include_str!("../../../docs/embedding.md");
const SECRET: &str = "Zm9yIHRoZSB0ZXN0LCBhbmQgb2YgNDMgY2hhcmFjdGVy";
const WIDGET: &str = "01930000-0000-7000-8000-000000000004";

/// How the example of a language is made a program that writes a token, and run.
struct Language {
    fence: &'static str,
    file: &'static str,
    /// What is written in front of the example's own first function or class, and after all of it.
    before: Option<(&'static str, &'static str)>,
    after: &'static str,
    command: &'static [&'static str],
}

const LANGUAGES: &[Language] = &[
    Language {
        fence: "javascript",
        file: "sign.mjs",
        before: None,
        after: "console.log(porchlightToken('42', { name: 'Ada' }));",
        command: &["node"],
    },
    Language {
        fence: "python",
        file: "sign.py",
        before: None,
        after: "print(porchlight_token('42', name='Ada'))",
        command: &["python3"],
    },
    Language {
        fence: "php",
        file: "sign.php",
        before: None,
        after: "echo porchlight_token('42', ['name' => 'Ada']);",
        command: &["php"],
    },
    Language {
        fence: "ruby",
        file: "sign.rb",
        before: None,
        after: "puts porchlight_token('42', name: 'Ada')",
        command: &["ruby"],
    },
    Language {
        fence: "go",
        file: "sign.go",
        before: None,
        after: "func main() {\n\ttoken, err := PorchlightToken(\"42\", nil)\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tos.Stdout.WriteString(token)\n}",
        command: &["go", "run"],
    },
    Language {
        fence: "java",
        file: "Sign.java",
        before: Some((
            "class Porchlight",
            "class Sign { public static void main(String[] a) throws Exception { System.out.println(Porchlight.token(\"42\")); } }\n\n",
        )),
        after: "",
        command: &["java"],
    },
    Language {
        fence: "perl",
        file: "sign.pl",
        before: None,
        after: "print porchlight_token('42', name => 'Ada');",
        command: &["perl"],
    },
];

impl Language {
    fn program(&self) -> String {
        let fence = format!("```{}\n", self.fence);
        let (_, rest) =
            EMBEDDING_MD.split_once(&fence).unwrap_or_else(|| panic!("there is no {}", self.fence));
        let (example, _) = rest.split_once("```").unwrap();
        let example = match self.before {
            Some((place, text)) => example.replacen(place, &format!("{text}{place}"), 1),
            None => example.to_owned(),
        };
        format!("{example}\n{}\n", self.after)
    }

    /// The token; nothing where the language is not installed.
    fn run(&self, directory: &Path) -> Option<String> {
        let file = directory.join(self.file);
        fs::write(&file, self.program()).unwrap();
        let output = Command::new(self.command[0])
            .args(&self.command[1..])
            .arg(&file)
            .env("PORCHLIGHT_WIDGET", WIDGET)
            .env("PORCHLIGHT_SECRET", SECRET)
            .output()
            .ok()?;
        assert!(output.status.success(), "{}: {}", self.fence, String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }
}

#[test]
fn each_way_to_sign_makes_a_token_that_the_server_takes() {
    let directory = tempfile::tempdir().unwrap();
    let widget = WIDGET.parse().unwrap();
    let mut ran = Vec::new();
    for language in LANGUAGES {
        let Some(token) = language.run(directory.path()) else { continue };
        let now = SystemClock.now();
        let read = identity::read(&token, SECRET.as_bytes(), widget, now);
        let identity = read.unwrap_or_else(|error| panic!("{}: {error:?} of {token}", language.fence));
        assert_eq!(identity.external_id, "42", "{}", language.fence);
        let other = SECRET.to_lowercase();
        assert!(identity::read(&token, other.as_bytes(), widget, now).is_err(), "{}", language.fence);
        ran.push(language.fence);
    }
    // A machine has some of the languages. None at all means that nothing was tested.
    assert!(!ran.is_empty(), "none of the languages is installed");
}
