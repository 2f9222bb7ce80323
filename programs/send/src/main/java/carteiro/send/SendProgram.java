package carteiro.send;

import carteiro.control.ControlException;
import carteiro.control.Installation;
import carteiro.control.Settings;
import carteiro.posix.SystemAccount;
import carteiro.protocol.Program;
import carteiro.protocol.ReloadScope;
import carteiro.protocol.StopStage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.Map;
import java.util.Set;

/** send as a program (docs/programs/send.md). */
public final class SendProgram implements Program {
    /** For {@link java.util.ServiceLoader}. */
    public SendProgram() {}

    @Override
    public String name() {
        return "send";
    }

    @Override
    public String user() {
        return "qmails";
    }

    @Override
    public StopStage stopStage() {
        return StopStage.SCHEDULER;
    }

    /** Only the limits of destinations; at the same time lookup reads the two files that qmail-send read again. */
    @Override
    public ReloadScope reloadScope() {
        return new ReloadScope(new ReloadScope.OwnSettings.Some(Set.of(Settings.DESTINATIONLIMITS)), Map.of());
    }

    @Override
    public void check(Installation installation) throws ControlException {
        var _ = SendSettings.read(installation);
    }

    @Override
    public RunningProgram start(ProgramContext context) throws ControlException, IOException {
        return start(context, Clock.systemUTC(), RunningSend.MEMORY);
    }

    /** @param memory octets that messages may take */
    RunningSend start(ProgramContext context, Clock clock, long memory) throws ControlException, IOException {
        context.dropPrivileges(); // before the lock: the folder is the user's, who could put a link in its place
        FileChannel lock = onlyOne(context);
        try {
            SendSettings settings = SendSettings.read(context.installation());
            return RunningSend.start(context, settings, clock, SystemAccount.effectiveUid(), lock, memory);
        } catch (ControlException e) {
            context.log().log(new SendEvent.SendCannotStart(String.join("; ", e.problems())));
            lock.close();
            throw e;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Two sends would deliver everything twice: the lock lasts as long as the process, however it ends. */
    private static FileChannel onlyOne(ProgramContext context) throws IOException {
        Path file = context.installation().run("send").resolve("lock");
        FileChannel channel;
        try {
            Files.createDirectories(file.getParent());
            channel = FileChannel.open(
                    file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            String reason = "cannot write " + file + " (" + e + "); its folder must belong to the user send runs as";
            context.log().log(new SendEvent.SendCannotStart(reason));
            throw new IOException(reason, e);
        }
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return channel;
            }
        } catch (OverlappingFileLockException e) {
            // held within this process
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        channel.close();
        String reason = "another send is running on " + context.installation().home() + " (" + file
                + " is locked); stop it first";
        context.log().log(new SendEvent.SendCannotStart(reason));
        throw new IOException(reason);
    }
}
