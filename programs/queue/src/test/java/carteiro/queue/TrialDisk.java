package carteiro.queue;

import carteiro.segments.FileDisk;
import carteiro.testkit.ModelDisk;
import carteiro.testkit.ModelDisk.DiskOperation;
import carteiro.testkit.ModelDisk.Fate;
import java.util.List;

/** The queue's own disk, on a model that can fail at any call and lose its power after any. */
final class TrialDisk extends FileDisk {
    private final ModelDisk model;
    private volatile long usable = Long.MAX_VALUE;

    TrialDisk() {
        this(new ModelDisk());
    }

    private TrialDisk(ModelDisk model) {
        super(model.root());
        this.model = model;
    }

    /** The calls so far. */
    int callCount() {
        return model.callCount();
    }

    /** What was done so far. */
    List<DiskOperation> calls() {
        return model.calls();
    }

    /** Calls from that one on, and before the other, fail. Counted from now, failed ones included. */
    void fail(int from, int to) {
        model.fail(from, to);
    }

    void usable(long octets) {
        usable = octets;
    }

    @Override
    public long usable() {
        return usable;
    }

    /** The disk after the first calls of a record, then a power failure. */
    static TrialDisk after(List<DiskOperation> calls, int count, Fate fate) {
        return new TrialDisk().afterMore(calls.subList(0, count), fate);
    }

    /** This disk after more calls, recorded on a disk that looked the same, then a power failure. */
    TrialDisk afterMore(List<DiskOperation> more, Fate fate) {
        more.forEach(model::apply);
        return new TrialDisk(model.after(fate));
    }
}
