// libtorch already uses every core, and seeds and grad mode are easier to reason about one test at a time.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
