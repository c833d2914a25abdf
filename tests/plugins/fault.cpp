// Passes audio as it is until "Fault" says what to do wrong while processing:
// 1 crash, 2 hang, 3 write a NaN, 4 write to the standard output, 5 end the process.
#include "DistrhoPlugin.hpp"

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

START_NAMESPACE_DISTRHO

static const char* const kFaults[] = {"none", "crash", "hang", "nan", "chatter", "leave"};
static const int kCount = 6;

class FaultPlugin : public Plugin {
public:
    FaultPlugin() : Plugin(1, 0, 0), fault(0) {}

protected:
    const char* getLabel() const override { return "fault"; }
    const char* getMaker() const override { return "nast-fx tests"; }
    const char* getLicense() const override { return "GPL-3.0-or-later"; }
    uint32_t getVersion() const override { return d_version(1, 0, 0); }
    int64_t getUniqueId() const override { return d_cconst('N', 'F', 'l', 't'); }

    void initParameter(uint32_t, Parameter& parameter) override {
        parameter.hints = kParameterIsAutomatable | kParameterIsInteger;
        parameter.name = "Fault";
        parameter.symbol = "fault";
        parameter.ranges.min = 0.0f;
        parameter.ranges.max = kCount - 1;
        parameter.ranges.def = 0.0f;
        parameter.enumValues.count = kCount;
        parameter.enumValues.restrictedMode = true;
        parameter.enumValues.values = new ParameterEnumerationValue[kCount];
        for (int i = 0; i < kCount; ++i) {
            parameter.enumValues.values[i].value = i;
            parameter.enumValues.values[i].label = kFaults[i];
        }
    }

    float getParameterValue(uint32_t) const override { return fault; }
    void setParameterValue(uint32_t, float value) override { fault = int(value + 0.5f); }

    void run(const float** inputs, float** outputs, uint32_t frames) override {
        for (int channel = 0; channel < NAST_CHANNELS; ++channel)
            std::memmove(outputs[channel], inputs[channel], frames * sizeof(float));
        switch (fault) {
        case 1: std::raise(SIGSEGV); break;
        case 2: for (;;) sleep(1);
        case 3: outputs[0][frames / 2] = NAN; break;
        case 4: std::printf("{\"ok\": true}\nnoise\n"); std::fflush(stdout); break;
        case 5: _exit(0);
        }
    }

private:
    int fault;
};

Plugin* createPlugin() { return new FaultPlugin(); }

END_NAMESPACE_DISTRHO
