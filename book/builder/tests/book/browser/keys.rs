//! As teclas, como o protocolo do navegador as descreve.

use serde_json::{Value, json};

/// As que não escrevem uma letra, com o número que o navegador ainda dá a cada uma.
const NAMED: &[(&str, u32)] = &[
    ("Backspace", 8),
    ("Tab", 9),
    ("Enter", 13),
    ("Escape", 27),
    ("End", 35),
    ("Home", 36),
    ("ArrowLeft", 37),
    ("ArrowUp", 38),
    ("ArrowRight", 39),
    ("ArrowDown", 40),
];

const SHIFT: u32 = 8;

pub(super) struct Key<'a> {
    name: &'a str,
    number: u32,
    text: Option<&'a str>,
    modifiers: u32,
}

impl<'a> Key<'a> {
    /// A tecla com este nome: o de uma das nomeadas, ou a própria letra.
    pub(super) fn named(name: &'a str) -> Self {
        let (modifiers, name) = name.strip_prefix("Shift+").map_or((0, name), |name| (SHIFT, name));
        match NAMED.iter().find(|(named, _)| *named == name) {
            Some(&(_, number)) => Self { name, number, text: (name == "Enter").then_some("\r"), modifiers },
            None => {
                assert_eq!(name.chars().count(), 1, "não conheço a tecla {name}");
                // O número de um sinal é o de outra tecla: `%` moveria o cursor.
                let letter = name.chars().next().filter(|letter| letter.is_alphanumeric() || *letter == ' ');
                let number = letter.map_or(0, |letter| u32::from(letter.to_ascii_uppercase()));
                Self { name, number, text: Some(name), modifiers }
            }
        }
    }

    pub(super) fn event(&self, kind: &str) -> Value {
        let mut event = json!({
            "type": kind,
            "key": self.name,
            "code": self.name,
            "windowsVirtualKeyCode": self.number,
            "modifiers": self.modifiers,
        });
        if let (Some(text), "keyDown") = (self.text, kind) {
            event["text"] = text.into();
        }
        event
    }
}
