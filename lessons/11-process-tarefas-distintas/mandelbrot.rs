//! Uma tarefa diferente de contar primos: um ladrilho do conjunto de Mandelbrot.
//!
//! Cada ponto `c` do plano dá uma sequência: começa em 0, e cada termo é o quadrado do anterior mais `c`. O conjunto
//! são os pontos em que ela nunca se afasta da origem. Como não se pode esperar para sempre, conta-se até uma
//! profundidade: dentro custa caro, fora custa pouco, e na borda ninguém sabe.

use serde::{Deserialize, Serialize};

/// Um retângulo do plano, cortado em pontos.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    /// A parte real da borda esquerda.
    pub left: f64,
    /// A parte imaginária da borda de cima.
    pub top: f64,
    /// A largura e a altura, na unidade do plano.
    pub size: [f64; 2],
    /// Quantas colunas e quantas linhas de pontos.
    pub points: [usize; 2],
    /// Quantos passos dar antes de desistir de um ponto.
    pub depth: u32,
}

impl Tile {
    /// O conjunto inteiro, em `columns` por `rows` pontos.
    pub fn whole(columns: usize, rows: usize, depth: u32) -> Self {
        Tile { left: -2.1, top: 1.2, size: [2.8, 2.4], points: [columns, rows], depth }
    }
}

// ANCHOR: escape_times
/// De cada ponto, linha a linha de cima para baixo, quantos passos a sequência leva para sair do círculo de raio 2;
/// `depth`, se não saiu.
pub fn escape_times(tile: Tile) -> Vec<u32> {
    let [columns, rows] = tile.points;
    let mut times = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let im = tile.top - (row as f64 + 0.5) / rows as f64 * tile.size[1];
        for column in 0..columns {
            let re = tile.left + (column as f64 + 0.5) / columns as f64 * tile.size[0];
            times.push(escape_time(re, im, tile.depth));
        }
    }
    times
}

fn escape_time(re: f64, im: f64, depth: u32) -> u32 {
    let (mut x, mut y) = (0.0, 0.0);
    for step in 0..depth {
        if x * x + y * y > 4.0 {
            return step;
        }
        (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
    }
    depth
}
// ANCHOR_END: escape_times

/// Do mais rápido a sair ao que nunca saiu.
const INK: [char; 9] = [' ', '.', ':', '-', '=', '+', '*', '%', '@'];

/// O desenho, uma linha de texto para cada linha de pontos: quanto mais um ponto demora a sair, mais tinta.
pub fn draw(times: &[u32], tile: Tile) -> String {
    let ink = |time: u32| match time {
        time if time >= tile.depth => INK[INK.len() - 1],
        // Cada tom vale o dobro de passos do anterior: quase todos saem logo.
        time => INK[(time.max(2).ilog2() as usize - 1).min(INK.len() - 2)],
    };
    let line = |row: &[u32]| {
        let line: String = row.iter().map(|time| ink(*time)).collect();
        line.trim_end().to_owned()
    };
    times.chunks(tile.points[0].max(1)).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_stays_or_leaves_in_known_steps() {
        // Um ponto só, no meio do ladrilho. De 1 saem 0, 1, 2, 5, …; de 0, só zeros.
        let point =
            |left| Tile { left, top: 0.5, size: [1.0, 1.0], points: [1, 1], depth: 50 };
        assert_eq!(escape_times(point(0.5)), [3]);
        assert_eq!(escape_times(point(-0.5)), [50]);
    }

    #[test]
    fn the_area_is_the_known_one() {
        // A área do conjunto é 1,50659… (sequência A098403 da OEIS). Contando pontos, erra-se na borda.
        let tile = Tile::whole(560, 480, 2_000);
        let inside =
            escape_times(tile).iter().filter(|time| **time == tile.depth).count();
        let area = inside as f64 / (560.0 * 480.0) * tile.size[0] * tile.size[1];
        assert!((area - 1.50659).abs() < 0.02, "{area}");
    }

    #[test]
    fn the_set_is_the_same_upside_down() {
        let times = escape_times(Tile::whole(30, 20, 100));
        let mirrored: Vec<u32> = times.chunks(30).rev().flatten().copied().collect();
        assert_eq!(times, mirrored);
    }

    #[test]
    fn what_never_leaves_gets_all_the_ink() {
        let tile = Tile { points: [3, 2], depth: 100, ..Tile::whole(3, 2, 100) };
        assert_eq!(draw(&[100, 1, 4, 2, 99, 1], tile), "@ .\n +");
    }
}
