//! O livro num Chromium de verdade, como o leitor o usa.
//!
//! Um teste começa por `let Some(browser) = Browser::find() else { return };` e abre as páginas com
//! [`Browser::open`]. Onde não há Chromium, ele diz que foi pulado.

mod accessibility;
mod chromium;
mod desk;
mod keyboard;
mod keys;
mod measured;
mod page;
mod pages;
mod reading;
mod search;
mod shared;
mod still;
mod wire;

use chromium::Browser;
use page::Page;
use shared::Served;
