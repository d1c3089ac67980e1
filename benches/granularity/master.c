/* Um mestre e os seus trabalhadores, em C e MPI, sem nada em volta: com isto se compara o MpiPool.
 *
 * É o que um bom programador faria com o que o MPI tem de mais simples: MPI_Send de mensagens curtas, que partem sem que
 * ninguém as espere, e MPI_Recv de quem responder primeiro. O rank 0 lê em cada linha da entrada quantas voltas tem uma
 * tarefa e quantas são as tarefas, e escreve os segundos que elas levam em série e repartidas. Sem mais linhas, termina.
 */
#include <inttypes.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Quantas tarefas um rank tem, entre a que faz e as que esperam por ele: tantas quantas em src/mpi/ranks.rs. */
#define PREFETCH 8

enum tag { START, TASK, STOP, BYE };

/* De que tarefas um rank deve a resposta. Ele responde na ordem em que recebe: a resposta não precisa dizer de qual é. */
struct debt {
    size_t places[PREFETCH];
    size_t paid;
};

static void give_up(const char *reason) {
    fprintf(stderr, "%s\n", reason);
    MPI_Abort(MPI_COMM_WORLD, 1);
}

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory == NULL) {
        give_up("faltou memória");
    }
    return memory;
}

/* A tarefa de lessons/kit/measure/granularity.rs. As linhas em assembly não fazem nada, mas o compilador não sabe: ele nem
 * aproveita a resposta de uma tarefa igual, nem deixa de fazer a que ninguém lê. */
static uint64_t spin(uint64_t turns) {
    uint64_t state = turns | 1;
    __asm__ volatile("" : "+r"(state));
    for (uint64_t turn = 0; turn < turns; turn++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    __asm__ volatile("" : "+r"(state));
    return state;
}

static void send(uint64_t value, int rank, enum tag tag) {
    MPI_Send(&value, 1, MPI_UINT64_T, rank, tag, MPI_COMM_WORLD);
}

static uint64_t receive(int rank, MPI_Status *status) {
    uint64_t value;
    MPI_Recv(&value, 1, MPI_UINT64_T, rank, MPI_ANY_TAG, MPI_COMM_WORLD, status);
    return value;
}

/* Quem espera em MPI_Recv ocupa um núcleo. Entre duas medidas ele faz falta: ao trabalho em série, e aos outros
 * programas da bancada. */
static void nap_until_called(void) {
    const struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};
    int called = 0;
    while (MPI_Iprobe(0, MPI_ANY_TAG, MPI_COMM_WORLD, &called, MPI_STATUS_IGNORE), !called) {
        nanosleep(&nap, NULL);
    }
}

static void work(void) {
    MPI_Status status;
    while (nap_until_called(), receive(0, &status), status.MPI_TAG == START) {
        send(0, 0, START);
        uint64_t turns;
        while (turns = receive(0, &status), status.MPI_TAG == TASK) {
            send(spin(turns), 0, TASK);
        }
    }
}

static void tell_all(int ranks, enum tag tag) {
    for (int rank = 1; rank < ranks; rank++) {
        send(0, rank, tag);
    }
}

/* Cada resposta vai para o lugar da sua tarefa. */
static void hand_out(const uint64_t *tasks, uint64_t *answers, size_t count, struct debt *debts, int ranks) {
    size_t sent = 0;
    for (size_t slot = 0; slot < PREFETCH; slot++) {
        for (int rank = 1; rank < ranks && sent < count; rank++, sent++) {
            debts[rank].places[slot] = sent;
            send(tasks[sent], rank, TASK);
        }
    }
    for (size_t received = 0; received < count; received++) {
        MPI_Status status;
        uint64_t answer = receive(MPI_ANY_SOURCE, &status);
        struct debt *debt = &debts[status.MPI_SOURCE];
        size_t *place = &debt->places[debt->paid++ % PREFETCH];
        answers[*place] = answer;
        if (sent < count) {
            *place = sent;
            send(tasks[sent++], status.MPI_SOURCE, TASK);
        }
    }
}

static void measure(uint64_t turns, size_t count, int ranks) {
    uint64_t *tasks = allocate(count, sizeof *tasks), *answers = allocate(count, sizeof *answers);
    struct debt *debts = allocate(ranks, sizeof *debts);
    for (size_t place = 0; place < count; place++) {
        tasks[place] = turns;
        /* Qualquer coisa: é escrever que traz as páginas do vetor, e elas não são parte da entrega. */
        answers[place] = turns;
    }
    /* As tarefas são iguais: as de um só trabalhador, em série, já dizem quanto levariam todas. */
    size_t alone = (count + ranks - 2) / (ranks - 1);
    uint64_t expected = 0;
    double start = MPI_Wtime();
    for (size_t place = 0; place < alone; place++) {
        expected += spin(tasks[place]);
    }
    double serial = (MPI_Wtime() - start) * count / alone;

    /* O despertar fica fora do relógio: o que se mede é a entrega. */
    tell_all(ranks, START);
    for (int rank = 1; rank < ranks; rank++) {
        receive(rank, MPI_STATUS_IGNORE);
    }
    start = MPI_Wtime();
    hand_out(tasks, answers, count, debts, ranks);
    double parallel = MPI_Wtime() - start;
    tell_all(ranks, STOP);

    for (size_t place = 0; place < alone; place++) {
        expected -= answers[place];
    }
    if (expected != 0) {
        give_up("as respostas dependem de quem faz");
    }
    printf("%.9f %.9f\n", serial, parallel);
    fflush(stdout);
    free(tasks), free(answers), free(debts);
}

int main(int argc, char **argv) {
    int rank, ranks;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (ranks < 2) {
        give_up("não há a quem entregar: rode com mpirun -n 3, ou mais");
    }
    if (rank == 0) {
        uint64_t turns;
        size_t count;
        while (scanf("%" SCNu64 " %zu", &turns, &count) == 2) {
            measure(turns, count, ranks);
        }
        tell_all(ranks, BYE);
    } else {
        work();
    }
    MPI_Finalize();
    return 0;
}
