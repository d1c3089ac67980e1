//! Como se chama, e de que cor é, o que as figuras mostram: é o registro que diz.

use registro::legend::{Kind, Legend, Legends};

use super::pen::MARKS;

/// As cores que `theme/cores.css` tem, e a marca dos pontos de cada uma: é a posição em [`MARKS`].
pub const FAMILIES: [(&str, usize); 12] = [
    ("serial", 0),
    ("threads", 1),
    ("thread_pool", 2),
    ("rayon", 3),
    ("process_pool", 4),
    ("process_pool_socket", 5),
    ("processes", 6),
    ("mpi", 0),
    ("python_serial", 3),
    ("python_threads", 4),
    ("python_pool", 5),
    ("python_free_threads", 1),
];

/// As legendas da medição que se mostra e, para o que só ela tem, as da que fica ao lado.
#[derive(Clone, Copy, Debug)]
pub struct Names<'r> {
    shown: &'r Legends,
    beside: Option<&'r Legends>,
}

impl<'r> Names<'r> {
    /// As de uma medição, e as da que fica ao lado dela.
    pub fn of(shown: &'r Legends, beside: Option<&'r Legends>) -> Self {
        Names { shown, beside }
    }

    /// A de um nome.
    pub fn find(self, kind: Kind, id: &str) -> Option<&'r Legend> {
        self.shown.find(kind, id).or_else(|| self.beside?.find(kind, id))
    }

    /// Como se lê um nome; o próprio, se ninguém diz.
    pub fn label<'a>(self, kind: Kind, id: &'a str) -> &'a str
    where
        'r: 'a,
    {
        self.find(kind, id).map_or(id, Legend::shown)
    }

    /// Como se lê um modelo.
    pub fn model<'a>(self, id: &'a str) -> &'a str
    where
        'r: 'a,
    {
        self.label(Kind::Model, id)
    }

    /// A classe CSS que dá a um modelo a cor da família dele, a mesma em toda figura.
    pub fn class(self, model: &str) -> String {
        format!("modelo-{}", self.family(model).0.replace('_', "-"))
    }

    /// A marca que um modelo prefere.
    pub fn mark(self, model: &str) -> usize {
        self.family(model).1 % MARKS.len()
    }

    /// A família de um modelo; a do serial, cinzenta, se ele não tem uma que se conheça.
    fn family(self, model: &str) -> (&'static str, usize) {
        let named =
            self.find(Kind::Model, model).and_then(|legend| legend.family.as_deref()).unwrap_or(model);
        FAMILIES.into_iter().find(|(family, _)| *family == named).unwrap_or(FAMILIES[0])
    }
}

#[cfg(test)]
mod tests {
    use registro::legend::Entry;

    use super::*;

    #[test]
    fn a_family_that_no_theme_has_is_grey_and_never_markup() {
        let mut legends = Legends::default();
        legends.add(Entry::model("tea", "chá").family("\"><script>").owned());
        let names = Names::of(&legends, None);
        assert_eq!((names.class("tea"), names.mark("tea")), ("modelo-serial".to_owned(), 0));
        assert_eq!((names.class("rayon"), names.model("rayon")), ("modelo-rayon".to_owned(), "rayon"));
    }
}
