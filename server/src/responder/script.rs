//! What the mock agent does: a TOML file of rules, the first that fits being played.

use serde::Deserialize;
use std::path::{Path, PathBuf};

const DEFAULT: &str = include_str!("default.toml");

/// A whole script.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    #[serde(rename = "rule")]
    rules: Vec<Rule>,
}

/// What to do about a message that fits. Without a condition every message fits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// The whole text, in any letter case.
    text: Option<String>,
    /// Whether it must be the first message of its conversation.
    #[serde(default)]
    first: bool,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Do nothing for so many milliseconds.
    WaitMs(u64),
    /// Mark the message as delivered.
    Delivered,
    /// Mark it as read.
    Read,
    /// Type for so many milliseconds.
    TypingMs(u64),
    /// Answer. `{text}` is what the visitor wrote.
    Say(String),
    /// The same, but as the system.
    System(String),
}

#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    #[error("the mock script {0} can't be read: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    #[error("the mock script {0} is not understood: {1}")]
    Toml(PathBuf, #[source] toml::de::Error),
}

impl Script {
    pub fn load(file: &Path) -> Result<Self, ScriptError> {
        let text = std::fs::read_to_string(file).map_err(|error| ScriptError::Io(file.to_owned(), error))?;
        toml::from_str(&text).map_err(|error| ScriptError::Toml(file.to_owned(), error))
    }

    /// What to do about a message. Nothing, if no rule fits.
    pub fn steps_for(&self, text: &str, is_first: bool) -> &[Step] {
        let fits = |rule: &&Rule| {
            (!rule.first || is_first)
                && rule.text.as_ref().is_none_or(|wanted| wanted.to_lowercase() == text.trim().to_lowercase())
        };
        self.rules.iter().find(fits).map_or(&[], |rule| &rule.steps)
    }
}

impl Default for Script {
    fn default() -> Self {
        toml::from_str(DEFAULT).expect("the default script is tested")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_script_has_an_answer_to_everything_but_silent() {
        let script = Script::default();
        for text in ["slow", "Fail ", "LONG", "several", "anything else"] {
            assert!(
                script
                    .steps_for(text, false)
                    .iter()
                    .any(|step| matches!(step, Step::Say(_) | Step::System(_)))
            );
        }
        assert!(!script.steps_for("silent", false).iter().any(|step| matches!(step, Step::Say(_))));
        assert_ne!(script.steps_for("hello", true), script.steps_for("hello", false), "the greeting");
    }

    #[test]
    fn the_first_rule_that_fits_is_played() {
        let script: Script = toml::from_str(
            r#"
            [[rule]]
            text = "Ping"
            steps = [{ say = "pong" }]
            [[rule]]
            first = true
            steps = ["read", { wait_ms = 5 }]
            "#,
        )
        .unwrap();
        assert_eq!(script.steps_for(" ping", true), [Step::Say("pong".into())]);
        assert_eq!(script.steps_for("hello", true), [Step::Read, Step::WaitMs(5)]);
        assert_eq!(script.steps_for("hello", false), []);
    }

    #[test]
    fn a_script_with_an_unknown_step_is_refused() {
        assert!(toml::from_str::<Script>("[[rule]]\nsteps = [{ shout = 'x' }]").is_err());
        assert!(toml::from_str::<Script>("[[rule]]\nsteps = []\nwhen = 'x'").is_err());
    }
}
