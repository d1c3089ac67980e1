//! O que se afirma do programa, e como cada afirmação é decidida.

use registro::format::integer;
use registro::judge::Judgement;
use registro::record::Claim;

use crate::interrupt::Interruption;
use crate::same_file::Written;

/// 14.C1: confirmada se todos os arquivos, de todos os modelos e das duas linguagens, são iguais byte a byte e o total
/// deles é o número de primos. Sem Python, falta metade da afirmação.
pub fn everyone_writes_the_same_file(files: &[Written], primes: u64) -> Claim {
    let text = "O mesmo programa, com qualquer modelo e nas duas linguagens, escreve o \
                mesmo arquivo.";
    let Some(first) = files.first() else {
        return Claim::unmeasured(
            "14.C1",
            text,
            "nenhum arquivo foi escrito; meça de novo",
        );
    };
    let different: Vec<&str> = files
        .iter()
        .filter(|file| file.text != first.text)
        .map(|file| file.by.as_str())
        .collect();
    let is_right = first.text.ends_with(&format!(",{primes}\n"));
    let in_python = files.iter().filter(|file| file.in_python).count();
    let judgement = Judgement::observed(different.is_empty() && is_right)
        .confirms_only_if(in_python > 0, || {
            "falta o Python para comparar; instale o python3, ou diga onde há um com --python"
        });
    let compared = format!(
        "{} arquivos de {} bytes, {in_python} deles do Python",
        files.len(),
        integer(first.text.len() as u64)
    );
    let evidence = match (different.as_slice(), is_right) {
        ([], true) => format!("{compared}: todos iguais, byte a byte"),
        ([], false) => format!("{compared}: todos iguais, e todos com o total errado"),
        (others, _) => {
            format!("{compared}: diferentes do primeiro, {}", others.join("; "))
        }
    };
    Claim::judged("14.C1", text, judgement, evidence)
}

/// 14.C2: confirmada se nenhuma interrupção deixou o arquivo pela metade nem um trabalhador vivo. Quem escreve por cima
/// serve de contraste: se nem ele estragou o arquivo, as interrupções não vieram na hora.
pub fn an_interruption_leaves_a_whole_file(
    draft: &[Interruption],
    in_place: &[Interruption],
) -> Claim {
    let text = "Interrompido em qualquer momento, o programa não deixa o arquivo pela \
                metade, nem processo.";
    let broken = |all: &[Interruption]| all.iter().filter(|one| !one.whole).count();
    let survivors: usize = draft.iter().map(|one| one.survivors).sum();
    let running = draft.iter().filter(|one| one.was_running).count();
    let judgement = Judgement::observed(broken(draft) == 0 && survivors == 0)
        .confirms_only_if(running > 0 && broken(in_place) > 0, || {
            "as interrupções não vieram na hora, e nem escrever por cima, o controle, estragou o arquivo; meça de \
             novo, com um --limite maior"
        });
    let evidence = format!(
        "em {} interrupções, {running} delas no meio da conta, {} arquivos pela metade e {survivors} processos \
         vivos; escrevendo por cima do que havia, {} de {} arquivos pela metade",
        draft.len(),
        broken(draft),
        broken(in_place),
        in_place.len(),
    );
    Claim::judged("14.C2", text, judgement, evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use registro::record::Verdict;

    const TEXT: &str = "inicio,fim,primos,total\n0,10,4,4\n";

    fn written(in_python: bool, text: &str) -> Written {
        Written { by: "alguém".to_owned(), in_python, text: text.to_owned() }
    }

    fn first(files: &[Written]) -> Option<Verdict> {
        everyone_writes_the_same_file(files, 4).verdict
    }

    #[test]
    fn equal_files_of_both_languages_confirm() {
        let files = [written(false, TEXT), written(false, TEXT), written(true, TEXT)];
        assert_eq!(first(&files), Some(Verdict::Confirmed));
    }

    #[test]
    fn one_different_byte_or_a_wrong_total_refutes() {
        let crlf = TEXT.replace('\n', "\r\n");
        for different in [written(true, &crlf), written(false, "")] {
            let files = [written(false, TEXT), written(true, TEXT), different];
            assert_eq!(first(&files), Some(Verdict::Refuted));
        }
        let wrong = "inicio,fim,primos,total\n0,10,4,14\n";
        let wrong = [written(false, wrong), written(true, wrong)];
        assert_eq!(first(&wrong), Some(Verdict::Refuted));
    }

    #[test]
    fn without_python_equality_is_not_enough_but_a_difference_is() {
        let rust = [written(false, TEXT), written(false, TEXT)];
        assert_eq!(first(&rust), Some(Verdict::Inconclusive));
        assert_eq!(first(&[]), Some(Verdict::Inconclusive));
        let different = [written(false, TEXT), written(false, "")];
        assert_eq!(first(&different), Some(Verdict::Refuted));
    }

    fn interruption(whole: bool) -> Interruption {
        let lines = if whole { 1.0 } else { 0.5 };
        Interruption { moment: 0.5, was_running: true, lines, whole, survivors: 0 }
    }

    fn second(draft: &[Interruption], in_place: &[Interruption]) -> Option<Verdict> {
        an_interruption_leaves_a_whole_file(draft, in_place).verdict
    }

    #[test]
    fn whole_files_beside_broken_ones_confirm() {
        let verdict = second(&[interruption(true); 4], &[interruption(false); 4]);
        assert_eq!(verdict, Some(Verdict::Confirmed));
    }

    #[test]
    fn one_broken_file_or_one_survivor_refutes() {
        let survivor = Interruption { survivors: 1, ..interruption(true) };
        for wrong in [interruption(false), survivor] {
            let draft = [interruption(true), wrong];
            let verdict = second(&draft, &[interruption(false)]);
            assert_eq!(verdict, Some(Verdict::Refuted));
        }
    }

    #[test]
    fn interruptions_that_came_too_late_decide_nothing() {
        let whole = [interruption(true); 4];
        assert_eq!(second(&whole, &whole), Some(Verdict::Inconclusive));
        let late = [Interruption { was_running: false, ..interruption(true) }; 4];
        let verdict = second(&late, &[interruption(false)]);
        assert_eq!(verdict, Some(Verdict::Inconclusive));
    }
}
