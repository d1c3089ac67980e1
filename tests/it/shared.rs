//! Memória compartilhada: blocos de bytes, vetores e números que vários processos veem.

use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use multiprocessamento::{Element, Error, Pool, Process, SharedArray, SharedMemory, Value};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::support::*;

crate::cases! {
    30 => bytes_written_on_one_side_are_read_on_the_other,
    30 => a_block_is_zeros_until_written,
    30 => a_block_refuses_what_does_not_fit,
    30 => every_element_type_crosses_and_comes_back,
    30 => an_array_is_the_same_on_both_sides,
    30 => an_array_refuses_an_index_beyond_its_end,
    30 => an_array_may_be_copied_filled_and_walked,
    30 => empty_ones_cross_too,
    30 => impossible_sizes_are_errors,
    30 => three_hundred_items_share_one_descriptor,
    30 => several_arrays_cross_in_one_argument,
    30 => an_array_outlives_the_process_that_made_it,
    60 => fetch_add_loses_nothing_where_get_and_set_may,
    30 => update_loses_nothing,
    30 => a_death_in_the_middle_of_an_update_changes_nothing,
    30 => a_value_of_floats_and_of_bools,
    30 => who_sees_the_flag_sees_the_data,
    30 => the_memory_is_given_back,
    30 => nothing_has_a_name_in_dev_shm,
    30 => a_wrong_size_is_refused_on_arrival,
    30 => they_cross_only_to_another_process_of_this_program,
}

fn panics<T>(work: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(work)).is_err()
}

fn bytes_written_on_one_side_are_read_on_the_other() {
    fn double((block, offset): (SharedMemory, usize)) {
        let mut bytes = [0; 100];
        block.read(offset, &mut bytes).unwrap();
        block.write(offset, &bytes.map(|byte| byte * 2)).unwrap();
    }
    let block = SharedMemory::new(10_000).unwrap();
    block.write(0, &[7; 10_000]).unwrap();
    Process::start(double, (block.clone(), 0)).unwrap().join().unwrap();
    Pool::new(2).unwrap().map(double, (1..50).map(|i| (block.clone(), i * 100))).unwrap();
    let mut bytes = [0; 10_000];
    block.read(0, &mut bytes).unwrap();
    assert!(bytes[..5000].iter().all(|&byte| byte == 14) && bytes[5000..].iter().all(|&byte| byte == 7));
}

fn a_block_is_zeros_until_written() {
    let block = SharedMemory::new(64 << 20).unwrap();
    let before = memory_kib("VmRSS");
    let mut bytes = vec![1; 4096];
    block.read(32 << 20, &mut bytes).unwrap();
    assert!(bytes.iter().all(|&byte| byte == 0));
    assert_eq!((block.len(), block.is_empty()), (64 << 20, false));
    assert!(memory_kib("VmRSS") < before + (16 << 10));
}

fn a_block_refuses_what_does_not_fit() {
    let block = SharedMemory::new(10).unwrap();
    block.write(0, &[1; 10]).unwrap();
    block.write(10, &[]).unwrap();
    block.read(10, &mut []).unwrap();
    assert!(panics(|| block.write(1, &[2; 10])));
    assert!(panics(|| block.read(10, &mut [0])));
    assert!(panics(|| block.read(11, &mut [])));
    assert!(panics(|| block.write(usize::MAX, &[1])));
    let mut bytes = [0; 10];
    block.read(0, &mut bytes).unwrap();
    assert_eq!(bytes, [1; 10]);
}

fn every_element_type_crosses_and_comes_back() {
    fn check<T: Element + Serialize + for<'a> Deserialize<'a>>(values: [T; 3]) {
        fn reverse<T: Element>(array: SharedArray<T>) -> SharedArray<T> {
            let values: Vec<T> = array.iter().rev().collect();
            array.copy_from_slice(&values);
            array
        }
        let array = SharedArray::from_slice(&values).unwrap();
        let back = Process::start(reverse::<T>, array.clone()).unwrap().join().unwrap();
        let [a, b, c] = values;
        assert_eq!(array.to_vec(), [c, b, a]);
        assert_eq!(back.to_vec(), [c, b, a]);
    }
    check([0_u8, 1, u8::MAX]);
    check([0_u16, 1, u16::MAX]);
    check([0_u32, 1, u32::MAX]);
    check([0_u64, 1, u64::MAX]);
    check([0_usize, 1, usize::MAX]);
    check([i8::MIN, -1, i8::MAX]);
    check([i16::MIN, -1, i16::MAX]);
    check([i32::MIN, -1, i32::MAX]);
    check([i64::MIN, -1, i64::MAX]);
    check([isize::MIN, -1, isize::MAX]);
    check([-0.1_f32, f32::INFINITY, f32::MIN_POSITIVE]);
    check([-0.1_f64, f64::INFINITY, f64::MIN_POSITIVE]);
    check([true, true, false]);
}

fn an_array_is_the_same_on_both_sides() {
    let array = SharedArray::<u64>::new(1000).unwrap();
    let pool = Pool::new(2).unwrap();
    let square_at = |(i, array): (usize, SharedArray<u64>)| array.set(i, square(i as u64));
    pool.map(square_at, (0..1000).map(|i| (i, array.clone()))).unwrap();
    assert!(array.iter().enumerate().all(|(i, value)| value == square(i as u64)));
    // O que este lado escreve depois, o outro vê.
    array.fill(3);
    assert_eq!(pool.apply(|array: SharedArray<u64>| array.iter().sum::<u64>(), array.clone()).unwrap(), 3000);
}

fn an_array_refuses_an_index_beyond_its_end() {
    let array = SharedArray::<u8>::new(3).unwrap();
    array.set(2, 1);
    assert!(panics(|| array.get(3)));
    assert!(panics(|| array.set(3, 1)));
    assert!(panics(|| array.copy_from_slice(&[1, 2])));
    assert_eq!(array.to_vec(), [0, 0, 1]);
}

fn an_array_may_be_copied_filled_and_walked() {
    let array = SharedArray::from_slice(&[1.5, 2.5]).unwrap();
    assert_eq!((array.len(), array.is_empty(), array.iter().len()), (2, false, 2));
    array.copy_from_slice(&[3.0, 4.0]);
    assert_eq!(array.iter().rev().collect::<Vec<_>>(), [4.0, 3.0]);
    array.clone().fill(f64::NAN);
    assert!(array.iter().all(f64::is_nan));
}

fn empty_ones_cross_too() {
    let (array, block) = (SharedArray::<f64>::new(0).unwrap(), SharedMemory::new(0).unwrap());
    let sizes = |(array, block): (SharedArray<f64>, SharedMemory)| (array.to_vec().len(), block.len());
    assert_eq!(Process::start(sizes, (array.clone(), block)).unwrap().join().unwrap(), (0, 0));
    assert!(array.is_empty() && panics(|| array.get(0)));
}

fn impossible_sizes_are_errors() {
    for len in [usize::MAX, usize::MAX / 8, usize::MAX / 16] {
        assert!(matches!(SharedArray::<u64>::new(len), Err(Error::Io(_))), "{len}");
        assert!(matches!(SharedMemory::new(usize::MAX), Err(Error::Io(_))));
    }
}

fn three_hundred_items_share_one_descriptor() {
    fn add((array, i): (SharedArray<u64>, u64)) -> usize {
        array.cells()[0].fetch_add(i, Ordering::Relaxed);
        std::fs::read_dir("/proc/self/fd").unwrap().count()
    }
    let array = SharedArray::new(1 << 20).unwrap();
    let pool = Pool::new(2).unwrap();
    for chunk_size in [1, 300] {
        let items = (0..300).map(|i| (array.clone(), i));
        let open = pool.chunk_size(chunk_size).unwrap().map(add, items).unwrap();
        assert!(open.iter().all(|&count| count < 100), "{open:?}");
    }
    assert_eq!(array.get(0), 2 * (0..300).sum::<u64>());
}

fn several_arrays_cross_in_one_argument() {
    type Several = (Vec<SharedArray<u32>>, Option<Value<u32>>, SharedMemory);
    let arrays: Vec<_> = (0..20).map(|i| SharedArray::from_slice(&[i; 3]).unwrap()).collect();
    let total = Value::new(0).unwrap();
    let block = SharedMemory::new(4).unwrap();
    let sum = |(arrays, total, block): Several| {
        let sum = arrays.iter().flat_map(SharedArray::iter).sum();
        total.unwrap().set(sum);
        block.write(0, &sum.to_le_bytes()).unwrap();
    };
    Process::start(sum, (arrays, Some(total.clone()), block.clone())).unwrap().join().unwrap();
    let mut bytes = [0; 4];
    block.read(0, &mut bytes).unwrap();
    assert_eq!((total.get(), u32::from_le_bytes(bytes)), (570, 570));
}

fn an_array_outlives_the_process_that_made_it() {
    let make = |n: u64| SharedArray::from_slice(&(0..n).collect::<Vec<_>>()).unwrap();
    let array = Process::start(make, 1000).unwrap().join().unwrap();
    assert_eq!(array.iter().sum::<u64>(), 499_500);
    let copies = Pool::new(2).unwrap().map(make, [1, 2, 3]).unwrap();
    assert_eq!(copies.iter().map(SharedArray::len).collect::<Vec<_>>(), [1, 2, 3]);
}

fn fetch_add_loses_nothing_where_get_and_set_may() {
    const TIMES: u64 = 200_000;
    fn race(array: SharedArray<u64>) {
        for _ in 0..TIMES {
            array.cells()[0].fetch_add(1, Ordering::Relaxed);
            array.set(1, array.get(1) + 1);
        }
    }
    let array = SharedArray::new(2).unwrap();
    let racers: Vec<_> = (0..2).map(|_| Process::start(race, array.clone()).unwrap()).collect();
    racers.into_iter().for_each(|process| process.join().unwrap());
    println!("fetch_add: {}; get e set: {}", array.get(0), array.get(1));
    assert_eq!(array.get(0), 2 * TIMES);
    // Quantos se perdem depende da sorte.
    assert!((1..=2 * TIMES).contains(&array.get(1)));
}

fn update_loses_nothing() {
    let value = Value::new(0_i32).unwrap();
    let work = |value: Value<i32>| {
        for _ in 0..50_000 {
            value.update(|n| n + 1);
        }
    };
    let processes: Vec<_> = (0..2).map(|_| Process::start(work, value.clone()).unwrap()).collect();
    processes.into_iter().for_each(|process| process.join().unwrap());
    assert_eq!(value.get(), 100_000);
    assert_eq!(value.update(|n| -n), -100_000);
}

fn a_death_in_the_middle_of_an_update_changes_nothing() {
    let value = Value::new(5_u16).unwrap();
    let die = |value: Value<u16>| value.update(|_| kill_myself());
    assert!(matches!(Process::start(die, value.clone()).unwrap().join(), Err(Error::WorkerDied { .. })));
    assert_eq!(value.update(|n| n + 1), 6);
}

/// Os dados de cada rodada, e depois o número dela; o outro lado confere assim que a vê.
fn who_sees_the_flag_sees_the_data() {
    const ROUNDS: u64 = 20_000;
    type Shared = (SharedArray<u64>, Value<u64>, Value<u64>);
    let write = |(data, flag, seen): Shared| {
        for round in 1..=ROUNDS {
            (0..data.len()).for_each(|place| data.set(place, round));
            flag.set(round);
            while seen.get() < round {
                std::thread::yield_now();
            }
        }
    };
    let shared =
        || (SharedArray::<u64>::new(8).unwrap(), Value::new(0_u64).unwrap(), Value::new(0_u64).unwrap());
    let (data, flag, seen) = shared();
    let writer = Process::start(write, (data.clone(), flag.clone(), seen.clone())).unwrap();
    for round in 1..=ROUNDS {
        while flag.get() < round {
            std::thread::yield_now();
        }
        assert!(data.iter().all(|value| value == round), "{round}: {:?}", data.to_vec());
        seen.set(round);
    }
    writer.join().unwrap();
}

fn a_value_of_floats_and_of_bools() {
    let (float, flag) = (Value::new(f64::NAN).unwrap(), Value::new(false).unwrap());
    // NaN não é igual a si mesmo; os bits, sim.
    assert_eq!(float.update(|x| if x.is_nan() { 0.5 } else { x }), 0.5);
    let change = |(float, flag): (Value<f64>, Value<bool>)| {
        float.update(|x| x * 3.0);
        flag.set(true);
    };
    Process::start(change, (float.clone(), flag.clone())).unwrap().join().unwrap();
    assert_eq!((float.get(), flag.get()), (1.5, true));
    // Um byte que nenhum `bool` tem.
    flag.cell().store(7, Ordering::Relaxed);
    assert!(flag.get());
}

fn the_memory_is_given_back() {
    const KIB: usize = 64 << 10;
    let before = memory_kib("RssShmem");
    for _ in 0..3 {
        let array = SharedArray::<u8>::new(KIB << 10).unwrap();
        array.fill(1);
        assert!(memory_kib("RssShmem") >= before + KIB);
        // Um trabalhador que a usou também a devolve, mesmo continuando de pé.
        let pool = Pool::new(1).unwrap();
        let touch = |array: SharedArray<u8>| array.iter().map(u64::from).sum::<u64>();
        assert_eq!(pool.apply(touch, array).unwrap(), (KIB << 10) as u64);
        assert!(pool.apply(|(): ()| memory_kib("RssShmem"), ()).unwrap() < KIB);
        assert!(memory_kib("RssShmem") < before + KIB / 2);
    }
}

fn nothing_has_a_name_in_dev_shm() {
    let names = || {
        let listed = std::fs::read_dir("/dev/shm").into_iter().flatten().flatten();
        listed.map(|entry| entry.file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = names();
    let everything =
        (SharedArray::<u8>::new(9).unwrap(), Value::new(1).unwrap(), SharedMemory::new(9).unwrap());
    let work = |_: (SharedArray<u8>, Value<i32>, SharedMemory)| kill_myself();
    let process: Process<()> = Process::start(work, everything).unwrap();
    assert!(process.join().is_err());
    assert_eq!(names(), before);
}

/// Sai daqui como um vetor de `u16` e chega lá como outra coisa.
struct Disguised<T>(SharedArray<u16>, std::marker::PhantomData<T>);

impl<T> Serialize for Disguised<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Disguised<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer)?;
        Ok(Disguised(SharedArray::new(0).unwrap(), std::marker::PhantomData))
    }
}

fn a_wrong_size_is_refused_on_arrival() {
    fn send_as<T: for<'a> Deserialize<'a> + 'static>() -> Result<(), Error> {
        let disguised: Disguised<T> = Disguised(SharedArray::new(10).unwrap(), std::marker::PhantomData);
        Process::start(|_: Disguised<T>| (), disguised).unwrap().join()
    }
    send_as::<SharedArray<i16>>().unwrap();
    for outcome in [send_as::<SharedArray<u8>>(), send_as::<SharedArray<f64>>(), send_as::<Value<u16>>()] {
        assert!(matches!(outcome, Err(Error::Decode(_))), "{outcome:?}");
    }
}

fn they_cross_only_to_another_process_of_this_program() {
    fn refused<T: Serialize + Debug>(value: Result<T, Error>) {
        assert!(serde_json::to_string(&value.unwrap()).is_err());
    }
    refused(SharedArray::<u8>::new(1));
    refused(SharedMemory::new(1));
    refused(Value::new(1));
    assert!(serde_json::from_str::<SharedMemory>("0").is_err());
}
