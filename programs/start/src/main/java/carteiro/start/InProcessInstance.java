package carteiro.start;

import carteiro.control.ControlException;
import carteiro.protocol.Program;
import carteiro.protocol.Wires;
import java.io.IOException;
import java.time.Duration;

/** A program's life in this process. */
record InProcessInstance(String name, Program.RunningProgram running, Wires wires) implements ProgramInstance {
    static InstanceStarter with(Program.ProgramContext context) {
        return (program, _) -> {
            try {
                return new InProcessInstance(program.name(), program.start(context), context.wires());
            } catch (IOException e) {
                throw UnreadableSettings.setting(e, context.installation());
            }
        };
    }

    @Override
    public boolean alive() {
        return running.alive() && wires.serves(name);
    }

    @Override
    public String ending() {
        return "it says that it can no longer work";
    }

    @Override
    public long pid() {
        return ProcessHandle.current().pid();
    }

    @Override
    public String status() {
        return running.status();
    }

    @Override
    public void reload() throws ControlException, IOException {
        running.reload();
    }

    @Override
    public void tryNow() {
        running.tryNow();
    }

    @Override
    public void stop(Duration patience) {
        running.stop(patience);
    }
}
