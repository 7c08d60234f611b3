"""Meta-training over several processes: each takes its share of a batch of tasks, and
their gradients are averaged.

    # train.py; run it by: torchrun --nproc-per-node 2 train.py
    from metaad.meta import MAML, processes
    with processes.joined() as rank:
        learner = MAML(net, n_tasks=8, random_state=0).fit(tasks)
        if rank == 0:
            saving.save("maml.safetensors", learner)

Every process draws the same tasks (random_state must be set) and keeps 8 / 2 = 4 of
them. The mean of two means over four tasks is the mean over eight: the gradient is that
of one process, up to the last digits of the sum. One process alone does nothing here.

torchrun sets the addresses; see [1].

References
----------
1. S. Li et al. (2020), PyTorch Distributed: Experiences on Accelerating Data Parallel
   Training, PVLDB 13(12), section 3.
"""

import contextlib
import os

import torch
from torch import distributed


@contextlib.contextmanager
def joined(backend=None):
    """Join the processes that torchrun started; leave them at the end.

    backend : "gloo" or "nccl"; by default nccl where there is a GPU.

    Yields the rank of this process, 0 where it is alone. On a GPU machine each process
    takes the GPU of its own local rank."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield 0
        return
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    distributed.init_process_group(backend or ("nccl" if gpu else "gloo"))
    try:
        yield distributed.get_rank()
    finally:
        distributed.destroy_process_group()


def world():
    """Return (rank, number of processes) of a training: (0, 1) where it is alone."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def check(n_tasks, random_state):
    """Raise ValueError unless the tasks can be shared out evenly, the same everywhere."""
    _, n = world()
    if n > 1 and n_tasks % n:
        raise ValueError(
            f"n_tasks must be a multiple of the {n} processes that share them; got "
            f"{n_tasks}. Take {max(1, n_tasks // n) * n}."
        )
    if n > 1 and random_state is None:
        raise ValueError(
            "random_state must be set where several processes train: each draws the "
            "same tasks and keeps its share."
        )


def share(task):
    """Return this process's part of a batch: every n-th task, starting at its rank.

    task : Task of n_tasks; a query that all tasks share stays whole."""
    rank, n = world()
    if n == 1:
        return task
    n_tasks = len(task.support)

    def part(values):
        alike = values is not None and len(values) == n_tasks
        return values[rank::n] if alike else values

    return type(task)(*map(part, task))


def average(parameters, loss):
    """Average the gradients of parameters, and the loss, over all processes, in place.

    parameters : list of tensors with `grad`. loss : scalar tensor.

    Returns the mean loss. One message for all, not one per tensor."""
    _, n = world()
    if n == 1:
        return loss
    learned = [p for p in parameters if p.requires_grad]
    grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in learned]
    flat = torch.cat([loss.detach().reshape(1), *(g.reshape(-1) for g in grads)])
    distributed.all_reduce(flat)
    mean, *parts = (flat / n).split([1, *(p.numel() for p in learned)])
    for p, part in zip(learned, parts, strict=True):
        p.grad = part.view_as(p).clone()
    return mean.squeeze()
