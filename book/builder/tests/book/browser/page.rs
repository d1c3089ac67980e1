//! Uma página aberta: o que o leitor faz nela e o que ela mostra.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::chromium::Browser;
use super::keys::Key;

/// De quanto em quanto tempo se pergunta à página se já é.
const GLANCE: Duration = Duration::from_millis(20);

/// Depois do tempo dela, o que ainda se pede a uma página.
const FAREWELL: Duration = Duration::from_secs(3);

/// Fechada, com tudo o que guardou, ao sair do teste. Tudo o que se pede a ela tem que caber no tempo dela.
pub(super) struct Page {
    browser: Browser,
    session: String,
    context: String,
    until: Instant,
}

impl Page {
    pub(super) fn blank(browser: Browser, until: Instant) -> Self {
        let text = |value: &Value| value.as_str().expect("é texto").to_owned();
        let context =
            text(&browser.call("Target.createBrowserContext", json!({}), until)["browserContextId"]);
        let blank = json!({ "url": "about:blank", "browserContextId": context, "newWindow": true });
        let target = text(&browser.call("Target.createTarget", blank, until)["targetId"]);
        let attach = json!({ "targetId": target, "flatten": true });
        let session = text(&browser.call("Target.attachToTarget", attach, until)["sessionId"]);
        let page = Self { browser, session, context, until };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        page.set_size(1280, 900);
        page
    }

    fn try_call(&self, method: &str, params: Value) -> Result<Value, String> {
        self.browser.wire().call(&self.session, method, params, self.until)
    }

    fn call(&self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Vai a este endereço e espera que carregue.
    pub(super) fn go(&self, url: &str) {
        self.after_load(|| {
            let answer = self.call("Page.navigate", json!({ "url": url }));
            assert!(answer["errorText"].is_null(), "{url}: {}", answer["errorText"]);
        });
    }

    pub(super) fn reload(&self) {
        self.after_load(|| {
            self.call("Page.reload", json!({}));
        });
    }

    /// Faz o que leva a outra página e espera que ela carregue.
    pub(super) fn after_load(&self, leave: impl FnOnce()) {
        let loads = || self.browser.wire().events(&self.session, &["Page.loadEventFired"]).len();
        let before = loads();
        leave();
        self.wait_until("a página carregar", || loads() > before);
    }

    /// O valor de uma expressão JavaScript na página, esperando por ele se for uma promessa.
    pub(super) fn eval(&self, script: &str) -> Value {
        self.try_eval(script).unwrap_or_else(|error| panic!("{script:.200}: {error}"))
    }

    fn try_eval(&self, script: &str) -> Result<Value, String> {
        let order = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.try_call("Runtime.evaluate", order)?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(complaint(details)),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Espera que a condição, em JavaScript, valha.
    pub(super) fn wait(&self, condition: &str) {
        // No meio de uma troca de página não há a quem perguntar.
        let holds = || self.try_eval(&format!("Boolean({condition})")).is_ok_and(|value| value == true);
        self.wait_until(condition, holds);
    }

    fn wait_until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        while !holds() {
            if Instant::now() >= self.until {
                let shot = self.keep_screenshot();
                panic!(
                    "esperei demais: {what}\nconsole: {:#?}\na tela está em {}",
                    self.console(),
                    shot.display()
                );
            }
            sleep(GLANCE);
        }
    }

    /// Troca as cores da página pelo botão, que troca também as do código.
    pub(super) fn choose_theme(&self, theme: &str) {
        self.eval(&format!("document.querySelector('#mdbook-theme-{theme}').click()"));
    }

    /// Clica no meio do elemento, como o mouse: falha se outro está na frente.
    pub(super) fn click(&self, selector: &str) {
        let place = self.eval(&format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                if (!element) return 'não existe';
                element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const {{ left, top, width, height }} = element.getBoundingClientRect();
                const [x, y] = [left + width / 2, top + height / 2];
                const front = document.elementFromPoint(x, y);
                return element.contains(front) ? {{ x, y }} : `está atrás de ${{front?.outerHTML.slice(0, 120)}}`;
            }})()"
        ));
        assert!(place.is_object(), "{selector}: {place}");
        for kind in ["mousePressed", "mouseReleased"] {
            let mut event = place.clone();
            event["type"] = kind.into();
            event["button"] = "left".into();
            event["clickCount"] = 1.into();
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Escreve, tecla a tecla, no campo, depois do que já há nele.
    pub(super) fn type_into(&self, selector: &str, text: &str) {
        self.eval(&format!("document.querySelector({selector:?}).focus()"));
        for letter in text.chars() {
            self.press(&letter.to_string());
        }
    }

    /// Aperta uma tecla pelo nome que o navegador lhe dá: `/`, `Escape`, `ArrowRight`, `Shift+Tab`.
    pub(super) fn press(&self, key: &str) {
        let key = Key::named(key);
        self.call("Input.dispatchKeyEvent", key.event("keyDown"));
        self.call("Input.dispatchKeyEvent", key.event("keyUp"));
    }

    /// O texto do elemento, como o leitor o vê.
    pub(super) fn text(&self, selector: &str) -> String {
        let text = self.eval(&format!("document.querySelector({selector:?})?.innerText"));
        text.as_str().unwrap_or_else(|| panic!("{selector}: não existe")).to_owned()
    }

    /// O leitor vê o elemento: existe, ocupa lugar na tela e não está escondido.
    pub(super) fn sees(&self, selector: &str) -> bool {
        let script = format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                if (!element?.checkVisibility({{ visibilityProperty: true, opacityProperty: true }})) return false;
                const {{ left, right, width, height }} = element.getBoundingClientRect();
                return width > 0 && height > 0 && right > 0 && left < innerWidth;
            }})()"
        );
        self.eval(&script) == true
    }

    /// Espera que o leitor veja o elemento.
    pub(super) fn wait_to_see(&self, selector: &str) {
        self.wait_until(selector, || self.sees(selector));
    }

    /// Espera que o leitor deixe de ver o elemento.
    pub(super) fn wait_not_to_see(&self, selector: &str) {
        self.wait_until(selector, || !self.sees(selector));
    }

    /// O endereço, sem a âncora.
    pub(super) fn address(&self) -> String {
        let address = self.eval("location.origin + location.pathname");
        address.as_str().expect("é texto").to_owned()
    }

    /// O que o console mostrou desde que a página se abriu: mensagens, avisos, erros e exceções.
    pub(super) fn console(&self) -> Vec<String> {
        let names = ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"];
        let events = self.browser.wire().events(&self.session, &names);
        events.iter().map(|event| line(&event["params"])).collect()
    }

    /// Todos os endereços que a página pediu à rede.
    pub(super) fn requests(&self) -> Vec<String> {
        let events = self.browser.wire().events(&self.session, &["Network.requestWillBeSent"]);
        events
            .iter()
            .filter_map(|event| event["params"]["request"]["url"].as_str())
            .map(str::to_owned)
            .collect()
    }

    /// Nada no console, e nenhum pedido a outra máquina.
    pub(super) fn assert_quiet(&self) {
        assert_eq!(self.console(), [""; 0], "{}: o console", self.address());
        let foreign = self.requests().into_iter().filter(|url| {
            !["http://127.0.0.1:", "file:///", "data:"].iter().any(|start| url.starts_with(start))
        });
        assert_eq!(foreign.collect::<Vec<_>>(), [""; 0], "{}: pedidos a outra máquina", self.address());
    }

    /// O tamanho da tela; abaixo de 600 pixels de largura, a de um telefone.
    pub(super) fn set_size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// O papel (`print`), ou de volta a tela (vazio).
    pub(super) fn set_media(&self, media: &str) {
        self.call("Emulation.setEmulatedMedia", json!({ "media": media }));
    }

    /// A imagem da tela, em PNG.
    pub(super) fn screenshot(&self) -> Vec<u8> {
        let order = json!({ "format": "png" });
        let until = self.until.max(Instant::now() + FAREWELL);
        let shot = self.browser.wire().call(&self.session, "Page.captureScreenshot", order, until);
        let shot = shot.ok().and_then(|shot| BASE64_STANDARD.decode(shot["data"].as_str()?).ok());
        shot.unwrap_or_default()
    }

    /// Guarda a imagem da tela onde quem lê a falha do teste a encontra.
    fn keep_screenshot(&self) -> PathBuf {
        let name = std::thread::current().name().unwrap_or("teste").replace("::", "-");
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name + ".png");
        let _ = fs::write(&place, self.screenshot());
        place
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let until = Instant::now() + FAREWELL;
        let order = json!({ "browserContextId": self.context });
        let _ = self.browser.wire().call("", "Target.disposeBrowserContext", order, until);
    }
}

/// Uma linha do console: as três formas de o protocolo contar a mesma coisa.
fn line(params: &Value) -> String {
    if !params["entry"].is_null() {
        let entry = &params["entry"];
        return format!("{}: {} ({})", plain(&entry["level"]), plain(&entry["text"]), plain(&entry["url"]));
    }
    if !params["exceptionDetails"].is_null() {
        return format!("exceção: {}", complaint(&params["exceptionDetails"]));
    }
    let values = params["args"].as_array().into_iter().flatten();
    let values = values.map(|arg| arg.get("value").or(arg.get("description")).map(plain).unwrap_or_default());
    format!("{}: {}", plain(&params["type"]), values.collect::<Vec<_>>().join(" "))
}

fn complaint(details: &Value) -> String {
    let description = &details["exception"]["description"];
    plain(if description.is_null() { &details["text"] } else { description })
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
