//! Short names for what the panel's wasm and its glue call each other by. wasm-bindgen's hold a hash each, which nobody reads and
//! no compression makes smaller: 2.8 KB of what a visitor downloads.

use std::{collections::BTreeMap, convert::Infallible, error::Error};
use wasm_encoder::{
    ExportSection, ImportSection, Module,
    reencode::{Error as ReencodeError, Reencode},
};
use wasmparser::{Export, ImportSectionReader, Parser};

/// The wasm and its glue with short names in both.
pub fn shorten(wasm: &[u8], glue: &str) -> Result<(Vec<u8>, String), Box<dyn Error>> {
    let mut names = Names::default();
    let mut module = Module::new();
    names.parse_core_module(&mut module, Parser::new(0), wasm)?;

    let mut glue = glue.to_owned();
    for (long, short) in &names.imports {
        // A method of the object that the glue gives to the wasm.
        glue = replace(&glue, long, &format!(" {long}: "), &format!(" {short}: "))?;
    }
    for (long, short) in &names.exports {
        // A field of what the wasm gives to the glue; or one that only the wasm's start needs.
        let field = format!("wasm.{long}");
        if glue.contains(&field) {
            glue = whole_words(&glue, &field, &format!("wasm.{short}"));
        }
    }
    Ok((module.finish(), glue))
}

fn replace(glue: &str, name: &str, from: &str, to: &str) -> Result<String, String> {
    if glue.matches(from).count() == 1 {
        Ok(glue.replace(from, to))
    } else {
        Err(format!("the glue of the panel's wasm has not one function {name}"))
    }
}

/// Replaces a name where it is not the beginning of a longer one.
fn whole_words(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_longer = part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$');
        replaced.push_str(if is_longer { from } else { to });
        replaced.push_str(part);
    }
    replaced
}

/// Each name's short one.
#[derive(Default)]
struct Names {
    imports: BTreeMap<String, String>,
    exports: BTreeMap<String, String>,
}

/// The next name that is not taken: `a`, `b`, and so on.
fn short(names: &mut BTreeMap<String, String>, long: &str) -> String {
    let n_names = names.len();
    names.entry(long.to_owned()).or_insert_with(|| nth(n_names)).clone()
}

fn nth(mut n: usize) -> String {
    let mut name = String::new();
    loop {
        name.push(char::from(b'a' + u8::try_from(n % 26).unwrap_or_default()));
        n /= 26;
        if n == 0 {
            return name;
        }
        n -= 1;
    }
}

impl Reencode for Names {
    type Error = Infallible;

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), ReencodeError<Infallible>> {
        for import in section.into_imports() {
            let import = import?;
            let kind = self.entity_type(import.ty)?;
            imports.import(import.module, &short(&mut self.imports, import.name), kind);
        }
        Ok(())
    }

    fn parse_export(
        &mut self,
        exports: &mut ExportSection,
        export: Export<'_>,
    ) -> Result<(), ReencodeError<Infallible>> {
        let kind = self.export_kind(export.kind)?;
        let index = self.external_index(export.kind, export.index)?;
        exports.export(&short(&mut self.exports, export.name), kind, index);
        Ok(())
    }
}
