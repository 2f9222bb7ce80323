/** What tests of several modules need: coverage of checklist rows, scripted peers, failing disks. */
@NullMarked
package carteiro.testkit;

import org.jspecify.annotations.NullMarked;
