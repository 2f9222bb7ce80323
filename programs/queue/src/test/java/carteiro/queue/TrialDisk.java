package carteiro.queue;

import carteiro.testkit.ModelDisk;
import carteiro.testkit.ModelDisk.Call;
import carteiro.testkit.ModelDisk.Fate;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The queue's own disk, in a folder of a model that can fail at any call and lose its power after any. */
final class TrialDisk implements Disk {
    private final ModelDisk model;
    private final FileDisk files;
    private long usable = Long.MAX_VALUE;

    TrialDisk() {
        this(new ModelDisk());
    }

    TrialDisk(ModelDisk model) {
        this(model, model.root());
    }

    /** @param folder HOME/queue, a folder of the model */
    TrialDisk(ModelDisk model, Path folder) {
        this.model = model;
        this.files = new FileDisk(folder);
    }

    ModelDisk model() {
        return model;
    }

    /** The calls so far. */
    int callCount() {
        return model.callCount();
    }

    /** What was done so far. */
    List<Call> calls() {
        return model.calls();
    }

    /** Calls from that one on, and before the other, fail and do nothing. Counted from now, failed ones included. */
    void fail(int from, int to) {
        model.fail(from, to);
    }

    synchronized void usable(long octets) {
        usable = octets;
    }

    /** The disk after the first calls of a record, then a power failure. */
    static TrialDisk after(List<Call> calls, int count, Fate fate) {
        return new TrialDisk().afterMore(calls.subList(0, count), fate);
    }

    /** This disk after more calls, recorded on a disk that looked the same, then a power failure. */
    TrialDisk afterMore(List<Call> more, Fate fate) {
        more.forEach(model::apply);
        return new TrialDisk(model.after(fate));
    }

    @Override
    public void makeFolder(String name) throws IOException {
        files.makeFolder(name);
    }

    @Override
    public List<String> list(String folder) throws IOException {
        return files.list(folder);
    }

    @Override
    public OpenFile create(String name) throws IOException {
        return files.create(name);
    }

    @Override
    public OpenFile open(String name) throws IOException {
        return files.open(name);
    }

    @Override
    public long size(String name) throws IOException {
        return files.size(name);
    }

    @Override
    public void rename(String from, String to) throws IOException {
        files.rename(from, to);
    }

    @Override
    public void delete(String name) throws IOException {
        files.delete(name);
    }

    @Override
    public void forceFolder(String folder) throws IOException {
        files.forceFolder(folder);
    }

    @Override
    public synchronized long usable() {
        return usable;
    }

    @Override
    public Closeable lock(String name) throws IOException {
        return files.lock(name);
    }
}
